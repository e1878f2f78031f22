import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { requestsUnder } from '../testing/profiles.ts'
import { catalogue } from '../tuning/catalogue.ts'
import { knobById } from '../tuning/find-knob.ts'
import type { Knob, KnobValue } from '../tuning/knob.ts'
import { knownIn } from '../tuning/known-settings.ts'
import { openIds } from '../tuning/open-knobs.ts'
import type { KnobType } from '../tuning/value.ts'
import { readValue } from '../tuning/value.ts'
import type { Rendering } from './format.ts'
import type { FormatName } from './formats.ts'
import { formatNames, formats } from './formats.ts'
import { renderFor } from './rendering.ts'

const circumstances = { profile: 'tuned', kubernetes: '1.37', cores: undefined }

/** All that has no name. */
const open = openIds().flatMap((id) => knobById(id) ?? [])

function rendered(
  name: FormatName,
  set: Record<string, KnobValue>,
  over: Partial<{ profile: string; kubernetes: string; cores: number }> = {},
): Rendering {
  const { profile = 'stock' } = over
  return renderFor(formats[name], requestsUnder(profile, set), { ...circumstances, ...over })
}

function textOf({ files }: Rendering, path: string): string {
  const file = files.find((one) => one.path === path)
  if (file === undefined) throw new Error(`there is no ${path}, only ${files.map((one) => one.path).join(', ')}`)
  return file.text
}

function yamlOf(rendering: Rendering, path: string): unknown {
  return parse(textOf(rendering, path), { version: '1.1' })
}

/** Why a knob is left out, and what to do about it. */
function leftOut({ leftOut: all }: Rendering, id: string): string | undefined {
  const found = all.find(({ requests }) => requests.some(({ knob }) => knob.id === id))
  return found && `${found.because}. ${found.instead ?? ''}`
}

/** All that somebody sees of a rendering. */
function allOf({ files, leftOut: left, remarks }: Rendering): string {
  return [
    ...files.map(({ path, text, apply }) => `==> ${path}\n${text}\n${apply.map((line) => `-- ${line}\n`).join('')}\n`),
    ...left.map(
      ({ requests, because, instead }) =>
        `LEFT OUT ${requests.map(({ knob, value }) => `${knob.id}=${value}`).join(', ')}\n${because}\n${instead ?? ''}\n\n`,
    ),
    ...remarks.map((remark) => `${remark}\n`),
  ].join('')
}

/** Two values that a type takes. */
function valuesOf(type: KnobType): [unknown, unknown] {
  switch (type.kind) {
    case 'whole number':
      return [Math.max(type.min, 1), Math.max(type.min, 1) + 1]
    case 'float':
      return [0.01, 0.02]
    case 'duration':
      return ['61s', '62s']
    case 'bytes':
      return [2 ** 30, 2 ** 31]
    case 'word':
      return [type.words[0], type.words[1]]
    case 'resources':
      return ['/events', '/pods']
    case 'retention':
      return [10, 20]
    case 'switch':
      return [true, false]
    case 'text':
      return ['some', 'other']
    case 'list':
      return type.form === undefined ? ['a', 'b'] : ['pods#0', 'nodes#0']
    case 'structure':
      return type.of === 'list' ? [[{ a: 1 }], [{ b: 2 }]] : [{ a: '1' }, { b: '2' }]
  }
}

function twoOf(knob: Knob): [KnobValue, KnobValue] {
  const [one, other] = valuesOf(knob.type).map((value) => readValue(knob.type, value))
  if (one === undefined || other === undefined) throw new Error(`${knob.id} takes none of the values of this test`)
  return [one, other]
}

/** Held in files that do not depend on its value, or nowhere. */
function droppedBy(name: FormatName, knob: Knob): string[] {
  const [first, second] = twoOf(knob).map((value) => renderFor(formats[name], [{ knob, value }], circumstances))
  if (first === undefined || second === undefined) return []
  const isHeld = ({ files }: Rendering) => files.some(({ knobs }) => knobs.includes(knob.id))
  for (const one of [first, second])
    if (!isHeld(one) && leftOut(one, knob.id) === undefined) return [`${knob.id} is nowhere`]
  const texts = ({ files }: Rendering) => files.map(({ text }) => text).join('')
  if (isHeld(first) && isHeld(second) && texts(first) === texts(second)) return [`${knob.id} is in no text`]
  return []
}

describe.each(formatNames)('files for %s', (name) => {
  it.each(['tuned', 'untuned'])('should be those in golden/ for profile %s', async (profile) => {
    const file = join(import.meta.dirname, 'render', 'golden', `${name}-${profile}.txt`)
    await expect(allOf(rendered(name, {}, { profile, kubernetes: '1.36', cores: 16 }))).toMatchFileSnapshot(file)
  })

  it('should hold each knob of the catalogue, or say why not', () => {
    expect(catalogue.flatMap((knob) => droppedBy(name, knob))).toEqual([])
  })

  it('should hold anything else that a component can be told, or say why not', () => {
    expect(open.length).toBeGreaterThan(1000)
    expect(open.flatMap((knob) => droppedBy(name, knob))).toEqual([])
  })

  it('should say how each file is applied', () => {
    for (const { path, apply } of formats[name].files) expect(apply.length, path).toBeGreaterThan(0)
  })
})

describe('renderFor', () => {
  it('should leave out what the version of Kubernetes does not have, which would keep the component from starting', () => {
    const set = { 'controllerManager.concurrentServiceSyncs': 10 }
    expect(leftOut(rendered('kubeadm', set), 'controllerManager.concurrentServiceSyncs')).toContain('1.37 has no flag')
    expect(textOf(rendered('kubeadm', set, { kubernetes: '1.36' }), 'cluster-configuration.yaml')).toContain(
      'concurrent-service-syncs',
    )
  })

  it('should write values that are the built-in ones, too', () => {
    const rendering = rendered('kubeadm', { 'controllerManager.kubeApiQps': 20, 'kubelet.maxPods': 110 })
    expect(textOf(rendering, 'cluster-configuration.yaml')).toContain('value: "20"')
    expect(textOf(rendering, 'patches/kubeletconfiguration+merge.yaml')).toContain('maxPods: 110')
  })

  it('should write nothing for a profile that sets nothing', () => {
    expect(rendered('kubeadm', {})).toEqual({ files: [], leftOut: [], remarks: [] })
  })
})

describe('kubeadm', () => {
  it('should have names and values that YAML reads as texts, as kubeadm wants them', () => {
    const rendering = rendered('kubeadm', {
      'kube-apiserver.flags.profiling': false,
      'kube-apiserver.env.GODEBUG': 'yes',
      'etcd.heartbeatInterval': 250,
      'etcd.electionTimeout': 1250,
    })
    expect(yamlOf(rendering, 'cluster-configuration.yaml')).toEqual({
      apiVersion: 'kubeadm.k8s.io/v1beta4',
      kind: 'ClusterConfiguration',
      apiServer: {
        extraArgs: [{ name: 'profiling', value: 'false' }],
        extraEnvs: [{ name: 'GODEBUG', value: 'yes' }],
      },
      etcd: {
        local: {
          extraArgs: [
            { name: 'heartbeat-interval', value: '250' },
            { name: 'election-timeout', value: '1250' },
          ],
        },
      },
    })
  })

  it('should give kube-scheduler one file where it is told a field, since it ignores the flags of its client beside that', () => {
    const rendering = rendered('kubeadm', { 'scheduler.kubeApiQps': 500, 'scheduler.parallelism': 32 })
    const path = 'etc/kubernetes/kube-scheduler-configuration.yaml'
    expect(yamlOf(rendering, path)).toEqual({
      apiVersion: 'kubescheduler.config.k8s.io/v1',
      kind: 'KubeSchedulerConfiguration',
      parallelism: 32,
      clientConnection: { kubeconfig: '/etc/kubernetes/scheduler.conf', qps: 500 },
    })
    expect(yamlOf(rendering, 'cluster-configuration.yaml')).toMatchObject({
      scheduler: {
        extraArgs: [{ name: 'config', value: `/${path}` }],
        extraVolumes: [{ hostPath: `/${path}`, mountPath: `/${path}`, readOnly: true, pathType: 'File' }],
      },
    })
  })

  it('should say how to change the priorities of every thread of etcd, as its pod has none', () => {
    const rendering = rendered('kubeadm', { 'etcd.nice': -20, 'etcd.ioPriority': 'best-effort: prio 0' })
    expect(leftOut(rendering, 'etcd.nice')).toMatch(/task\/\*; do renice -n -20 -p \$\{task##\*\/\}; done/)
    expect(leftOut(rendering, 'etcd.ioPriority')).toMatch(/do ionice -c best-effort -n 0 -p \$\{task/)
  })

  it('should only have fields of kube-proxy that its own types have', () => {
    const known = knownIn('1.37').components['kube-proxy']?.config ?? {}
    const { apiVersion, kind, ...fields } = yamlOf(
      rendered('kubeadm', {}, { profile: 'tuned' }),
      'kube-proxy-configuration.yaml',
    ) as Record<string, unknown>
    expect([apiVersion, kind]).toEqual(['kubeproxy.config.k8s.io/v1alpha1', 'KubeProxyConfiguration'])
    const pathsIn = (value: unknown, path: string): string[] =>
      typeof value === 'object' && value !== null
        ? Object.entries(value).flatMap(([name, inner]) => pathsIn(inner, `${path}.${name}`))
        : [path.slice(1)]
    expect(pathsIn(fields, '').filter((path) => !Object.hasOwn(known, path))).toEqual([])
  })
})

describe('kubespray', () => {
  it('should use the variables that there are, since kubespray writes their settings in any case', () => {
    const rendering = rendered('kubespray', {
      'kubelet.eventRecordQPS': 100,
      'kubelet.eventBurst': 200,
      'kube-apiserver.flags.event-ttl': '2h',
      'kube-apiserver.featureGates.WatchList': false,
      'scheduler.kubeApiQps': 500,
      'scheduler.parallelism': 32,
      'kube-scheduler.config.leaderElection.leaseDuration': '20s',
      'kube-proxy.featureGates.AllAlpha': false,
    })
    expect(yamlOf(rendering, 'group_vars/k8s_cluster/scale-test.yml')).toEqual({
      kubelet_event_record_qps: 100,
      kubelet_config_extra_args: { eventBurst: 200 },
      event_ttl_duration: '7200s',
      kube_apiserver_feature_gates: ['WatchList=false'],
      kube_scheduler_client_conn_extra_opts: { qps: 500 },
      kube_scheduler_config_extra_opts: { parallelism: 32 },
      kube_scheduler_leader_elect_extra_opts: { leaseDuration: '20s' },
      kube_proxy_feature_gates: ['AllAlpha=false'],
    })
  })

  it('should refuse what would be twice in the kubelet’s file', () => {
    expect(
      leftOut(rendered('kubespray', { 'kubelet.config.seccompDefault': true }), 'kubelet.config.seccompDefault'),
    ).toMatch(/a kubelet refuses a field that is given twice/)
  })

  it('should give events an etcd of their own, and say that nothing else can have one', () => {
    const alone = rendered('kubespray', { 'etcd.splitByResource': '/events' })
    expect(yamlOf(alone, 'group_vars/all/scale-test-etcd.yml')).toEqual({
      etcd_events_cluster_enabled: true,
      etcd_events_cluster_setup: true,
    })
    expect(alone.leftOut).toEqual([])
    const more = rendered('kubespray', { 'etcd.splitByResource': '/pods,/events' })
    expect(leftOut(more, 'etcd.splitByResource')).toMatch(
      /^kubespray has a second etcd for \/events, and for nothing else/,
    )
  })
})

describe('systemd', () => {
  const path = 'etc/systemd/system/kube-apiserver.service.d/90-scale-test.conf'

  it('should escape what systemd would read as its own', () => {
    const rendering = rendered('systemd', {
      'kube-apiserver.flags.cors-allowed-origins': 'a%b$c',
      'etcd.env.GODEBUG': 'say="100%\\"',
    })
    expect(textOf(rendering, path)).toContain('Environment="SCALE_TEST_FLAGS=--cors-allowed-origins=a%%b$c"')
    expect(textOf(rendering, 'etc/systemd/system/etcd.service.d/90-scale-test.conf')).toContain(
      'Environment="GODEBUG=say=\\"100%%\\\\\\""',
    )
  })

  it('should leave out a flag of which systemd would make several words', () => {
    const id = 'kube-apiserver.flags.cors-allowed-origins'
    expect(leftOut(rendered('systemd', { [id]: 'a b' }), id)).toMatch(/systemd would make several words of its value/)
  })

  it.each([
    ['none: prio 0', 'IOSchedulingClass=\n'],
    ['idle', 'IOSchedulingClass=idle\n'],
    ['realtime: prio 3', 'IOSchedulingClass=realtime\nIOSchedulingPriority=3\n'],
  ])('should write I/O priorities as systemd has them: %s', (value, lines) => {
    const text = textOf(
      rendered('systemd', { 'etcd.ioPriority': value }),
      'etc/systemd/system/etcd.service.d/90-scale-test.conf',
    )
    expect(text.slice(text.indexOf('[Service]\n') + '[Service]\n'.length)).toBe(lines)
  })
})

describe('ack', () => {
  it('should refuse what a node pool does not take, and values above its limits', () => {
    const rendering = rendered('ack', {
      'kubelet.kubeAPIQPS': 51,
      'kubelet.kubeAPIBurst': 100,
      'kubelet.nodeStatusUpdateFrequency': '3s',
    })
    expect(JSON.parse(textOf(rendering, 'node-config.json'))).toEqual({ kubelet_config: { kubeAPIBurst: 100 } })
    expect(leftOut(rendering, 'kubelet.kubeAPIQPS')).toMatch(/takes at most 50/)
    expect(leftOut(rendering, 'kubelet.nodeStatusUpdateFrequency')).toMatch(/does not take it/)
  })

  it('should name what only its console takes, within its limits', () => {
    const rendering = rendered('ack', {
      'apiserver.maxRequestsInflight': 800,
      'apiserver.maxMutatingRequestsInflight': 2000,
    })
    expect(leftOut(rendering, 'apiserver.maxRequestsInflight')).toMatch(/maxRequestsInflight 800/)
    expect(leftOut(rendering, 'apiserver.maxMutatingRequestsInflight')).toMatch(/takes 1 to 1000/)
  })
})

describe('eks', () => {
  it('should put a NodeConfig and a script into one user data', () => {
    const text = textOf(
      rendered('eks', { 'kubelet.maxPods': 500, 'kubelet.env.GOGC': 50, 'host.nf_conntrack_max': 524_288 }),
      'user-data.mime',
    )
    const [, config = '', script = '', end] = text.split(/^--scale-test.*\n/m)
    expect(end).toBe('')
    expect(parse(config.split('\n\n').slice(1).join('\n\n'))).toEqual({
      apiVersion: 'node.eks.aws/v1alpha1',
      kind: 'NodeConfig',
      spec: { instance: { environment: { kubelet: { GOGC: '50' } } }, kubelet: { config: { maxPods: 500 } } },
    })
    expect(script).toMatch(/^Content-Type: text\/x-shellscript.*\n\n#!\/bin\/sh\n/)
    expect(script).toContain('net.netfilter.nf_conntrack_max = 524288\nEND\n')
  })
})

describe('kube-proxy’s mode', () => {
  it('should be said to be deprecated if it is ipvs, since that was so', () => {
    const remarks = (kubernetes: string, mode: string) =>
      rendered('kubeadm', { 'kubeProxy.mode': mode }, { kubernetes }).remarks
    expect(remarks('1.35', 'ipvs')).toEqual([
      expect.stringMatching(/mode ipvs is deprecated since Kubernetes 1\.35.*removed in 1\.43/),
    ])
    expect(remarks('1.34', 'ipvs')).toEqual([])
    expect(remarks('1.37', 'nftables')).toEqual([])
  })
})

describe('the limit on connections', () => {
  const asked = {
    'host.nf_conntrack_max': 2_310_720,
    'kubeProxy.conntrack.maxPerCore': 144_420,
    'kubeProxy.conntrack.min': 2_310_720,
  }
  const fields = (over: { kubernetes?: string; cores?: number }) =>
    (yamlOf(rendered('kubeadm', asked, over), 'kube-proxy-configuration.yaml') as { conntrack: unknown }).conntrack
  const remarks = (
    over: { kubernetes?: string; cores?: number },
    set: Record<string, KnobValue> = asked,
    name: FormatName = 'kubeadm',
  ) => rendered(name, set, over).remarks.join(' ')

  it('should be max / cores per core for hosts with so many cores, and otherwise as the profile has it', () => {
    expect(fields({})).toEqual({ maxPerCore: 144_420, min: 2_310_720 })
    expect(fields({ cores: 8 })).toEqual({ maxPerCore: 288_840, min: 2_310_720 })
    expect(fields({ cores: 7 })).toEqual({ maxPerCore: 330_103, min: 2_310_720 })
  })

  it('should be said to be capped since 1.36, and what to do about it', () => {
    expect(remarks({ kubernetes: '1.36', cores: 8 })).toBe(
      "On 8 cores, kube-proxy asks for 1048576 connections, not 2310720: since 1.36, it caps conntrack.maxPerCore x cores (288840 x 8), whatever conntrack.min says. kube-proxy sets the host's limit to that when it starts, whatever its sysctl says. To have 2310720, set kubeProxy.conntrack.maxPerCore to 1 and kubeProxy.conntrack.min to 2310720.",
    )
    expect(remarks({ kubernetes: '1.35', cores: 8 })).toBe(
      'On 8 cores, kube-proxy asks for 2310720 connections: conntrack.maxPerCore x cores (288840 x 8).',
    )
  })

  it('should be said to stay as the sysctl has it since 1.37, which only raises it', () => {
    expect(remarks({ cores: 8 })).toMatch(/only raises the limit, so the host keeps the 2310720 of its sysctl\.$/)
    const low = { 'host.nf_conntrack_max': 1000 }
    expect(remarks({ cores: 8 }, low)).toMatch(
      /^On 8 cores, kube-proxy asks for 262144 .* sets the host's limit to that/,
    )
  })

  it('should be that of kube-proxy itself where it cannot be told', () => {
    expect(remarks({ kubernetes: '1.36', cores: 16 }, asked, 'eks')).toMatch(
      /asks for 524288 connections: .*\(32768 x 16\)/,
    )
    expect(remarks({}, asked, 'eks')).toMatch(/kube-proxy's own conntrack.maxPerCore is 32768 per core/)
  })

  it('should be left alone where conntrack.maxPerCore is 0', () => {
    expect(remarks({ cores: 8 }, { 'kubeProxy.conntrack.maxPerCore': 0 })).toMatch(/leaves nf_conntrack_max alone/)
  })
})
