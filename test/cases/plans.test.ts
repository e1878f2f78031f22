import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { root } from '../e2e/components.ts'

let folder: string

const base = `apiVersion: scale-test/v1
name: base
target: sim
fleet:
  nodes: 2
  node: { cpu: 8, memory: 16Gi }
arms: [{ profile: untuned }, { profile: tuned }]
probes:
  pod: { image: registry.k8s.io/pause:3.10, serviceAccountToken: false }
  settle: 2s
  sequence:
    - { name: rollout, from: 1, to: 5, timeout: 1m }
    - { name: scale-down, from: 5, to: 1, timeout: 1m }
thresholds:
  - { probe: rollout, stop: available, of: tuned, max: 10s }
`

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'scale-test-plans-'))
  write('base.yaml', base)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function write(name: string, contents: string | Uint8Array): void {
  writeFileSync(join(folder, name), contents)
}

/** The program in the folder of these tests. It is stopped when it hangs, and then has no status. */
function scaleTest(...args: string[]) {
  const reports = join(folder, 'reports')
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'src', 'start.cjs'), ...args], {
    cwd: folder,
    env: { ...process.env, SCALE_TEST_REPORTS: reports },
    encoding: 'utf8',
    timeout: 60_000,
    killSignal: 'SIGKILL',
  })
  return { status, stdout, stderr, started: existsSync(reports) ? readdirSync(reports) : [] }
}

/** What is said against arguments that are refused, with the place of the folder left out. */
function refusalOf(...args: string[]): string {
  const { status, stderr, started } = scaleTest(...args)
  expect({ status, started, stderr }).toMatchObject({ status: 2, started: [] })
  return stderr.replaceAll(`${folder}/`, '')
}

describe('a file that is no plan', () => {
  const secret = 'hunter2-canary'
  const kubeconfig = `apiVersion: v1\nkind: Config\nusers:\n- name: me\n  user: { token: ${secret} }\n`

  beforeAll(() => {
    write('kubeconfig', kubeconfig)
    write('kubeconfig.json', JSON.stringify({ kind: 'Config', users: [{ user: { token: secret } }] }))
    write('broken', kubeconfig.replace(' }', ' }}'))
    write('environ', `PATH=/bin\0TOKEN=${secret}\0`)
    write('shadow', `root:${secret}:1:0:99999:7:::\n`)
    write('key.pem', `-----BEGIN PRIVATE KEY-----\n${secret}\n-----END PRIVATE KEY-----\n`)
    write('latin1', Buffer.from(`name: grün ${secret}\n`, 'latin1'))
    write('utf16', Buffer.from(`\uFEFFname: ${secret}\n`, 'utf16le'))
    write('token-in-clusters', `remote:\n  targets:\n    - { kubeconfig: a, context: b, token: ${secret} }\n`)
    write('result.json', JSON.stringify({ token: secret }))
    write('text.json', secret)
  })

  it.each([
    ['kubeconfig', 'is a kubeconfig'],
    ['kubeconfig.json', 'is a kubeconfig'],
    ['broken', 'broken:5:'],
    ['environ', 'has NUL characters'],
    ['/proc/self/environ', '/proc/self/environ has NUL characters'],
    ['/etc/passwd', '/etc/passwd'],
    ['shadow', 'shadow is not '],
    ['key.pem', 'found a single value'],
    ['latin1', 'is not text in UTF-8'],
    ['utf16', 'is text in UTF-16'],
    ['token-in-clusters', 'remote.targets[0].token: unknown field'],
  ])('should be named through every door, and nothing of it shown: %s (hostile 4)', (file, expected) => {
    write('including.yaml', `include: [${file}]\n${base}`)
    const told = [
      refusalOf('plan', file),
      refusalOf('plan', 'including.yaml'),
      refusalOf('plan', 'base.yaml', '--target', 'remote', '--clusters', file, '--dry-run'),
      refusalOf('cleanup', '--clusters', file),
    ]
    for (const message of told) {
      expect(message).not.toContain(secret)
      expect(message).not.toContain('/bin')
      expect(message.length).toBeLessThan(1500)
    }
    for (const message of told.slice(0, file === 'token-in-clusters' ? 0 : 2)) expect(message).toContain(expected)
    for (const message of told.slice(2)) expect(message).toContain(expected)
  })

  it.each(['kubeconfig', 'kubeconfig.json', 'result.json', 'text.json', 'environ', 'key.pem'])(
    'should not be shown as calibration or result either: %s',
    (file) => {
      expect(refusalOf('run', 'base.yaml', '--calibration', file)).not.toContain(secret)
      mkdirSync(join(folder, 'run'), { recursive: true })
      execFileSync('cp', [join(folder, file), join(folder, 'run', 'result.json')])
      expect(refusalOf('report', 'run')).not.toContain(secret)
    },
  )

  it('should be told with the way to name it when it is a kubeconfig', () => {
    expect(refusalOf('cleanup', '--clusters', 'kubeconfig')).toContain(
      'kubeconfig is a kubeconfig, not a file of clusters; write a file that names it',
    )
  })

  it('should be told by its fields when it is no calibration, and by its schema when a result is of another time (hostile 35, 39)', () => {
    write('c.json', '{ "schema": 1, "machine": { "cores": "two" } }')
    expect(refusalOf('run', 'base.yaml', '-c', 'c.json')).toContain('machine.cores: expected a number, found "two"')
    for (const [schema, age] of [
      [0, 'an older'],
      [99, 'a newer'],
    ] as const) {
      writeFileSync(join(folder, 'run', 'result.json'), JSON.stringify({ schema }))
      expect(refusalOf('report', 'run').split('\n')[0]).toBe(
        `run/result.json has schema ${schema}: it was written by ${age} scale-test`,
      )
    }
  })
})

describe('what is no file, or none that can be read', () => {
  beforeAll(() => {
    execFileSync('mkfifo', [join(folder, 'pipe')])
    mkdirSync(join(folder, 'plans-of-mine'))
    writeFileSync(join(folder, 'plans-of-mine', 'one.yaml'), base)
    write('large.yaml', `${base}description: ${'x'.repeat(5_000_000)}\n`)
    write('keys.yaml', `fleet:\n${Array.from({ length: 400_000 }, (_, key) => `  k${key}: 1\n`).join('')}`)
    write('brackets.yaml', `arms: ${'['.repeat(20_000)}`)
    for (let index = 0; index < 26; index++)
      write(`f${index}.yaml`, `include: [f${index + 1}.yaml, f${index + 1}.yaml]\n`)
    write('f26.yaml', base)
  })

  it.each([
    ['pipe', 'pipe is a named pipe, not a file'],
    ['/dev/zero', '/dev/zero is a device, not a file'],
    ['plans-of-mine', 'plans-of-mine is a folder, not a plan'],
    ['plans-of-mine/', 'one.yaml'],
    ['experiments', 'heartbeat'],
    ['-', 'plans are files'],
    ['https://example.org/plan.yaml', 'plans are files'],
    ['', 'there is no plan ""'],
    ['x'.repeat(5000), 'the name is too long'],
    ['base.yaml/x', 'there is no plan base.yaml/x'],
    ['large.yaml', 'is larger than 256.0 KiB'],
    ['keys.yaml', 'is larger than 256.0 KiB'],
    ['brackets.yaml', 'brackets.yaml:1:'],
    ['f0.yaml', 'more than 100 files are included'],
    ['smokee', 'did you mean smoke?'],
    ['smok', 'did you mean smoke?'],
    ['SMOKE', 'did you mean smoke?'],
    ['smoke.yaml', 'did you mean smoke?'],
    ['plans/smoke.yml', 'did you mean smoke?'],
    ['hartbeat', 'did you mean experiments/heartbeat?'],
    ['\u001b[31mred', 'there is no plan \ufffd[31mred'],
  ])('should be refused as a plan: %s (hostile 13, 20, 37)', (plan, expected) => {
    const message = refusalOf('plan', plan)
    expect(message).toContain(expected)
    expect(message.length).toBeLessThan(2000)
  })

  it('should be refused as what a plan includes', () => {
    write('including.yaml', `include: [pipe, plans-of-mine, nowhere.yaml]\n${base}`)
    const message = refusalOf('plan', 'including.yaml')
    for (const [index, reason] of ['is a named pipe', 'is a folder', 'cannot be read: there is no such'].entries())
      expect(message).toMatch(new RegExp(`including\\.yaml:1:\\d+ {2}include\\[${index}\\]: \\S+ ${reason}`))
  })

  it('should be told without a place when it is missing, and was to be a file of clusters (hostile 40)', () => {
    expect(refusalOf('plan', 'base.yaml', '--target', 'remote', '--clusters', 'missing')).toBe(
      'missing cannot be read: there is no such file or folder\n',
    )
  })
})

describe('mistakes', () => {
  it.each([
    ['sead: 2', 'sead: unknown field; did you mean seed?'],
    ['treshold: []', 'treshold: unknown field; did you mean thresholds?'],
    ['target: simm', 'expected sim, local or remote, found "simm"; did you mean sim?'],
    ['faults: { seed: 1, kinds: [lost-reply] }', 'expected lost-replies, throttling, storms'],
  ])('should be told with what was meant: %s (hostile 20, 21)', (line, expected) => {
    write('wrong.yaml', `${line.startsWith('target') ? base.replace('target: sim\n', '') : base}${line}\n`)
    expect(refusalOf('plan', 'wrong.yaml')).toContain(expected)
  })

  it.each([
    ['fleet.hostss=2', 'fleet.hostss: unknown field; did you mean hosts?'],
    ['fleet.nodePerProcess=2', 'did you mean nodesPerProcess?'],
    ['probes.setle=5s', 'did you mean settle?'],
    ['fleet.colour=red', 'fleet has nodes, hosts, nodesPerProcess, node'],
    ['arms[0].profile=untunned', 'did you mean untuned?'],
    ['thresholds[0].stop=availble', 'did you mean available?'],
    ['thresholds[0].probe=rolout', 'the plan has no probe "rolout"; it has rollout, scale-down; did you mean rollout?'],
    ['thresholds[0].of=tunde', 'did you mean tuned?'],
    ['arms[0].set=[{ knob: kubelet.kubeAPIQPs2, value: 5, because: x }]', 'did you mean kubelet.kubeAPIQPS'],
    [
      'thresholds[0].max=null',
      'expected a duration such as 30s, a size such as 2GiB, a rate such as 50/s, or a number, found null',
    ],
    ['thresholds[0].of=[a, b, c]', 'expected an arm, or two arms [a, b] for their ratio'],
    ['include=[x.yaml]', 'files are included in a plan, not on the command line'],
    ['fleet.node.memory="8Gi #x"', 'found "8Gi #x"'],
    ['probes.pod.image=UPPER CASE:::!!', 'expected an image, such as registry.k8s.io/pause:3.10'],
    [`arms[0].name=${'x'.repeat(300)}`, 'expected at most 40 characters'],
    [`fleet.pods.namespace=${'x'.repeat(70)}`, 'expected at most 63 characters'],
    ['fleet.pods.labels={ "bad key!": x }', 'expected the key of a label'],
    ['fleet.pods.hostSelector=((', 'expected a label selector'],
    ['fleet.pods.taints=["a b!=c:NoSchedule"]', 'expected key=value:Effect'],
  ])('should be told of the command line, not of the file: --set %s (hostile 20, 23, 30, 38)', (override, expected) => {
    const message = refusalOf('plan', 'base.yaml', '--set', override)
    expect(message).toContain(expected)
    expect(message).toMatch(/^(1 mistake|2 mistakes) in --set; nothing was started\n\n--set /)
    expect(message).not.toContain('base.yaml')
  })

  it('should be shown up to 20, in lines that are cut (hostile 28)', () => {
    write('many.yaml', `${base}${Array.from({ length: 100 }, (_, key) => `k${key}: ${'x'.repeat(1000)}\n`).join('')}`)
    const message = refusalOf('plan', 'many.yaml')
    expect(message).toContain('100 mistakes in many.yaml')
    expect(message).toContain('and 80 more')
    expect(Math.max(...message.split('\n').map(({ length }) => length))).toBeLessThan(400)
  })

  it('should never steer the terminal, nor should a plan that is right (hostile 29)', () => {
    write('steering.yaml', `${base}description: "\\e[2J\\a\\u202Ereversed"\n`)
    const { status, stdout } = scaleTest('plan', 'steering.yaml')
    expect(status).toBe(0)
    expect(stdout).toContain('\ufffd[2J\ufffd\ufffdreversed')
    const control = /(?!\n)[\p{Cc}\u202e]/u
    expect(stdout).not.toMatch(control)
    expect(refusalOf('plan', 'base.yaml', '--set', 'fleet.nodes="\\e[2J"', '--set', '\u0007=1')).not.toMatch(control)
    expect(refusalOf('run', 'base.yaml', '--target', '\u001b[2J')).not.toMatch(control)
  })

  it('should be cut when a description is long (hostile 28)', () => {
    write('long.yaml', `${base}description: ${'word '.repeat(20_000)}\n`)
    const { status, stdout } = scaleTest('plan', 'long.yaml')
    expect(status).toBe(0)
    expect(stdout.length).toBeLessThan(6000)
  })
})

describe('what would do nothing', () => {
  it.each([
    [['plan', 'base.yaml', '--manifests'], '--manifests does nothing without --dry-run'],
    [['plan', 'base.yaml', '--confirm', 'x'], '--confirm does nothing without --dry-run'],
    [['plan', 'base.yaml', '--target', 'remote', '--dry-run', '--json'], '--json does nothing with --dry-run'],
    [['plan', 'base.yaml', '--clusters', 'base.yaml'], '--clusters does nothing on target sim'],
    [['run', 'base.yaml', '--confirm', 'x'], '--confirm does nothing on target sim'],
    [['run', 'base.yaml', '--allow-insecure', 'x'], '--allow-insecure does nothing on target sim'],
    [
      ['run', 'base.yaml', '-k', '1.36', '--set', 'kubernetes="1.36"'],
      '--set kubernetes does nothing with --kubernetes',
    ],
    [['run', 'base.yaml', '-t', 'local', '-c', 'c.json'], '--calibration does nothing on target local'],
    [['run', 'base.yaml', '-r', '2', '--set', 'repetitions=3'], '--set repetitions does nothing with --repeat'],
    [['run', 'base.yaml', '-t', 'sim', '--set', 'target=local'], '--set target does nothing with --target'],
    [
      ['run', 'base.yaml', '--set', 'probes.node={ name: a }'],
      '--set probes.node={ name: a } does nothing on target sim',
    ],
    [['run', 'base.yaml', '--set', 'fleet.pods.image=a'], '--set fleet.pods.image=a does nothing on target sim'],
    [['run', 'base.yaml', '-t', 'local', '--set', 'simulation.kubeProxy=true'], 'does nothing on target local'],
    [['simulate', '--seed', '1', '--seeds', '3'], '--seed'],
    [['cleanup', '--confirm', 'x'], '--confirm does nothing without --clusters'],
    [['cleanup', '--all-mine', '--run', 'x'], "option '--all-mine' cannot be used with option '--run <id>'"],
    [['run', 'base.yaml', '-t', 'sim', '--keep'], '--keep does nothing on target sim'],
    [['what-if', 'base.yaml', '--vary', 'fleet.pods.image=a,b'], 'fleet.pods.image would change nothing'],
    [['what-if', 'base.yaml', '--vary', 'fleet.nodes=2,3', '--set', 'fleet.nodes=4'], 'does nothing with --vary'],
    [['what-if', 'base.yaml', '--vary', 'fleet.nodes=2,3', '--profile', 'tunde'], 'did you mean tuned?'],
  ])('should be refused: %j (hostile 31)', (args, expected) => {
    expect(refusalOf(...args)).toContain(expected)
  })

  it('should be said, and not refused, when the plan itself says it for other targets (hostile 31)', () => {
    write(
      'for-all.yaml',
      `${base.replace('settle', 'node: { name: worker-1 }\n  settle')}simulation: { kubeProxy: true }\n`,
    )
    const sim = scaleTest('plan', 'for-all.yaml')
    expect(sim).toMatchObject({ status: 0, stdout: expect.stringContaining('target sim ignores probes.node') })
    const local = scaleTest('plan', 'for-all.yaml', '--target', 'local')
    expect(local.stdout).toContain('target local ignores simulation, probes.node')
    expect(scaleTest('plan', 'base.yaml').stdout).not.toContain('ignores')
  })
})
