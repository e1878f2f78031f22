import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { differingFlags, ignoredFlags, withFlags } from './arguments.ts'
import { configurationWith } from './kubelet-file.ts'
import { manifestWithFlags } from './static-pod.ts'
import { dropInWith } from './systemd.ts'

describe('withFlags', () => {
  it('should replace a flag in either form, append others, and change nothing when all are there', () => {
    const words = ['/bin/etcd', '--name', 'one', '-snapshot-count=1', '--enable-pprof']
    const flags = { name: 'two', 'snapshot-count': '5000', 'heartbeat-interval': '250' }
    const wanted = ['/bin/etcd', '--name=two', '--snapshot-count=5000', '--enable-pprof', '--heartbeat-interval=250']
    expect(withFlags(words, flags)).toEqual(wanted)
    expect(withFlags(wanted, flags)).toEqual(wanted)
  })

  it('should not take the flag after a switch for its value', () => {
    expect(withFlags(['etcd', '--pre-vote', '--name=a'], { 'pre-vote': 'false' })).toEqual([
      'etcd',
      '--pre-vote=false',
      '--name=a',
    ])
  })
})

describe('differingFlags', () => {
  it('should take the last of two, in either form', () => {
    const args = ['etcd', '--a=1', '--a', '2']
    expect(differingFlags(args, { a: '2' })).toEqual([])
    expect(differingFlags(args, { a: '1', b: '3' })).toEqual([
      { name: 'a', wanted: '1', found: '2' },
      { name: 'b', wanted: '3', found: null },
    ])
  })
})

const manifest = `apiVersion: v1
spec:
  containers:
  - command: # as kubeadm writes it
    - kube-apiserver
    - --max-requests-inflight=400 # why
    - --audit-log-maxage
    - "30"
    - --v=2
    image: x
`

describe('manifestWithFlags', () => {
  it('should change only the words that are meant, and add lines after the last', () => {
    const flags = { 'max-requests-inflight': '800', 'audit-log-maxage': '7', 'goaway-chance': '0.001' }
    expect(manifestWithFlags(manifest, 'kube-apiserver', flags, 'm')).toBe(
      manifest
        .replace('400', '800')
        .replace('--audit-log-maxage\n    - "30"', '--audit-log-maxage=7')
        .replace('    - --v=2\n', '    - --v=2\n    - --goaway-chance=0.001\n'),
    )
  })

  it('should return the same text when everything is there, and refuse another component', () => {
    expect(manifestWithFlags(manifest, 'kube-apiserver', { v: '2' }, 'm')).toBe(manifest)
    expect(() => manifestWithFlags(manifest, 'etcd', { v: '2' }, 'm')).toThrow("m: no container's command is etcd")
  })
})

const unit = `[Service]
ExecStart=/bin/etcd --name=%H \\
  --snapshot-count 1
Nice=5
`

const now = (text: string, etcdArgs: readonly string[] = []) => ({
  component: 'etcd' as const,
  text,
  etcdArgs,
  where: 'u',
})

describe('flags that a component ignores beside its configuration file', () => {
  const next = expect.stringContaining('in that file by hand')
  it.each<[string, readonly string[], Record<string, string>, string]>([
    ['etcd', ['etcd', '--config-file=/etc/etcd.yaml'], { 'snapshot-count': '1' }, 'etcd ignores --snapshot-count'],
    [
      'kube-scheduler',
      ['kube-scheduler', '--config', '/etc/s.yaml'],
      { 'kube-api-qps': '50', 'kube-api-burst': '100', v: '2' },
      'kube-scheduler ignores --kube-api-qps, --kube-api-burst',
    ],
  ])('should be refused, in a unit and in a static pod: %s', (component, words, flags, message) => {
    const one = component as 'etcd' | 'kube-scheduler'
    const refusal = expect.objectContaining({ kind: 'bad-input', message: expect.stringContaining(message), next })
    const unitText = `[Service]\nExecStart=/bin/${words.join(' ')}\n`
    expect(() => dropInWith({ component: one, text: unitText, etcdArgs: [], where: 'u' }, flags, {})).toThrow(refusal)
    const lines = words.map((word) => `    - ${word}\n`).join('')
    const pod = `spec:\n  containers:\n  - command:\n${lines}`
    expect(() => manifestWithFlags(pod, one, flags, 'm')).toThrow(refusal)
  })

  it('should be taken without it, and others beside it', () => {
    expect(ignoredFlags('etcd', ['etcd', '--name=a'], ['snapshot-count'])).toEqual([])
    expect(ignoredFlags('kube-scheduler', ['kube-scheduler', '--config=a'], ['v'])).toEqual([])
    expect(ignoredFlags('kube-apiserver', ['kube-apiserver', '--config=a'], ['v'])).toEqual([])
  })
})

describe('manifestWithFlags of an etcd that has flags from its environment', () => {
  const text = `spec:
  containers:
    - command:
        - etcd
        - --name=a
      env:
        - name: ETCD_HEARTBEAT_INTERVAL
          value: "100" # of ours
        - { name: ETCD_SNAPSHOT_COUNT, value: '5000' }
        - name: ETCD_ELECTION_TIMEOUT
          valueFrom: { fieldRef: { fieldPath: metadata.name } }
`
  it('should change them there, since an etcd does not start with both', () => {
    const flags = { 'heartbeat-interval': '250', 'snapshot-count': '5000', 'max-wals': '9' }
    expect(manifestWithFlags(text, 'etcd', flags, 'm')).toBe(
      text.replace('"100"', '"250"').replace('--name=a\n', '--name=a\n        - --max-wals=9\n'),
    )
  })

  it('should refuse flags beside a configuration file, and one whose value comes from elsewhere', () => {
    const byFile = text.replace("ETCD_SNAPSHOT_COUNT, value: '5000'", 'ETCD_CONFIG_FILE, value: /etc/etcd.yaml')
    expect(() => manifestWithFlags(byFile, 'etcd', { 'max-wals': '9' }, 'm')).toThrow(
      'm: etcd ignores --max-wals beside --config-file=/etc/etcd.yaml',
    )
    expect(() => manifestWithFlags(text, 'etcd', { 'election-timeout': '1250' }, 'm')).toThrow(
      'm: ETCD_ELECTION_TIMEOUT has no value: make it a flag of the command',
    )
  })
})

describe('dropInWith', () => {
  it('should take variables away whose flags it sets, since an etcd does not start with both, and leave those that are right', () => {
    const byVariables = now('[Service]\nEnvironmentFile=/etc/etcd.env\nExecStart=/bin/etcd\n', [
      '/bin/etcd',
      '--heartbeat-interval=100',
      '--snapshot-count=5000',
    ])
    const flags = { 'heartbeat-interval': '250', 'snapshot-count': '5000', 'election-timeout': '1250' }
    expect(dropInWith(byVariables, flags, {})).toMatch(
      /\nExecStart=\/bin\/etcd --heartbeat-interval=250 --election-timeout=1250\nUnsetEnvironment=ETCD_HEARTBEAT_INTERVAL ETCD_ELECTION_TIMEOUT\n$/,
    )
    expect(dropInWith(byVariables, { 'snapshot-count': '5000' }, {})).toBeUndefined()
  })

  it('should say the command again with its flags, specifiers as they are', () => {
    expect(dropInWith(now(unit), { 'snapshot-count': '5000' }, { nice: -20, ioPriority: 'best-effort: prio 0' })).toBe(
      `# Written by scale-test; \`scale-test tune rollback\` restores it.
[Service]
ExecStart=
ExecStart=/bin/etcd --name=%H --snapshot-count=5000
Nice=-20
IOSchedulingClass=best-effort
IOSchedulingPriority=0
`,
    )
  })

  it('should take the command of the last drop-in, and nothing when all is there (fault 29)', () => {
    const text = `${unit}[Service]\nExecStart=\nExecStart=/bin/etcd --snapshot-count=5000\nNice=-20\n`
    expect(dropInWith(now(text), { 'snapshot-count': '5000' }, { nice: -20 })).toBeUndefined()
    expect(dropInWith(now(text), { 'snapshot-count': '5000' }, { nice: -19 })).toContain(
      'ExecStart=/bin/etcd --snapshot',
    )
  })

  it('should refuse a unit with two commands', () => {
    expect(() => dropInWith(now('ExecStart=a\nExecStart=b\n'), {}, {})).toThrow('u has 2 commands')
  })
})

describe('configurationWith', () => {
  it('should set nested fields beside others, keep comments, and change nothing when they are there', () => {
    const text = 'kind: KubeletConfiguration\n# ours\nmaxPods: 110\nfeatureGates:\n  A: true\n'
    const changed = configurationWith(text, 'KubeletConfiguration', { maxPods: 500, featureGates: { B: false } }, 'k')
    expect(changed).toContain('# ours\nmaxPods: 500')
    expect(parse(changed)).toEqual({ kind: 'KubeletConfiguration', maxPods: 500, featureGates: { A: true, B: false } })
    expect(configurationWith(text, 'KubeletConfiguration', { maxPods: 110, featureGates: { A: true } }, 'k')).toBe(text)
  })
})
