import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { parse } from 'yaml'
import { tuneRenderCommand } from '../../src/cli/tune-command.ts'
import { locateComponents } from '../../src/components/components.ts'
import { localComponents } from '../../src/targets/local/binaries.ts'
import { surroundingsForTests } from '../../src/testing/surroundings.ts'
import type { FormatName } from '../../src/tune/formats.ts'
import { describeWithComponents, root } from '../e2e/components.ts'

const { folder: programs } = locateComponents(localComponents(join(root, 'components')), process.env)
let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'scale-test-tune-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Renders a profile, and returns the folder of its files. */
function rendered(profile: string, format: FormatName): string {
  const output = join(mkdtempSync(join(folder, 'rendered-')), 'files')
  tuneRenderCommand(
    { profile, for: format, output, cores: 8 },
    surroundingsForTests('', () => {}),
  )
  return output
}

function run(program: string, args: readonly string[], env: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(join(programs, program), args, {
    encoding: 'utf8',
    timeout: 60_000,
    cwd: folder,
    env: { PATH: process.env['PATH'], ...env },
  })
  return { status, text: stderr + stdout }
}

interface Extras {
  extraArgs?: { name: string; value: string }[]
}
interface ClusterConfiguration {
  apiServer?: Extras
  controllerManager?: Extras
  scheduler?: Extras
  etcd?: { local: Extras }
}

/** A profile that sets a field of kube-scheduler, which it then reads from a file. */
const withSchedulerFile = `name: fields
set:
  - { knob: scheduler.parallelism, value: 32, because: it is a field }
  - { knob: scheduler.kubeApiQps, value: 500, because: it is a flag otherwise }
`

describeWithComponents('what tune render writes', () => {
  it.each(['tuned', 'untuned', 'sig-scalability'])('should be flags that the components read: %s', (profile) => {
    const text = readFileSync(join(rendered(profile, 'kubeadm'), 'cluster-configuration.yaml'), 'utf8')
    const { apiServer, controllerManager, scheduler, etcd } = parse(text, { version: '1.1' }) as ClusterConfiguration
    const all: [string, Extras | undefined][] = [
      ['kube-apiserver', apiServer],
      ['kube-controller-manager', controllerManager],
      ['kube-scheduler', scheduler],
      ['etcd', etcd?.local],
    ]
    const args = (extras: Extras) => (extras.extraArgs ?? []).map(({ name, value }) => `--${name}=${value}`)
    // They read all flags before they print their version.
    const refused = all.flatMap(([program, extras]) => {
      const { status, text: said } =
        extras === undefined ? { status: 0, text: '' } : run(program, [...args(extras), '--version'])
      return status === 0 ? [] : [said]
    })
    expect(refused).toEqual([])
    expect(all.flatMap(([, extras]) => (extras === undefined ? [] : args(extras))).length).toBeGreaterThan(2)
  })

  it('should be variables that etcd reads', () => {
    const unit = readFileSync(
      join(rendered('tuned', 'systemd'), 'etc', 'systemd', 'system', 'etcd.service.d', '90-scale-test.conf'),
      'utf8',
    )
    const variables = [...unit.matchAll(/^Environment="(\w+)=(.*)"$/gm)].map(([, name = '', value = '']) => [
      name,
      value,
    ])
    expect(variables.length).toBeGreaterThan(4)
    // Too short on purpose: etcd reads all there is, and then refuses to start.
    const { status, text } = run('etcd', [], { ...Object.fromEntries(variables), ETCD_ELECTION_TIMEOUT: '1' })
    expect(text).toContain('--election-timeout[1ms] should be at least as 5 times as --heartbeat-interval[250ms]')
    expect(text).not.toContain('unrecognized environment variable')
    expect(status).not.toBe(0)
  })

  it.skipIf(spawnSync('systemd-analyze', ['--version']).status !== 0)('should be drop-ins that systemd reads', () => {
    const units = join(rendered('tuned', 'systemd'), 'etc', 'systemd', 'system')
    const names = ['etcd', 'kube-apiserver', 'kube-controller-manager']
    for (const name of names)
      writeFileSync(join(units, `${name}.service`), '[Service]\nExecStart=/bin/true $SCALE_TEST_FLAGS\n')
    const verify = () =>
      spawnSync('systemd-analyze', ['verify', ...names.map((name) => join(units, `${name}.service`))], {
        encoding: 'utf8',
      })
    expect(verify().stderr).toBe('')
    const dropIn = join(units, 'etcd.service.d', '90-scale-test.conf')
    writeFileSync(dropIn, readFileSync(dropIn, 'utf8').replace('best-effort', 'best'))
    expect(verify().stderr).toContain('best')
  })

  it('should be a file that kube-scheduler reads', () => {
    const profile = join(folder, 'fields.yaml')
    writeFileSync(profile, withSchedulerFile)
    const file = join(rendered(profile, 'kubeadm'), 'etc', 'kubernetes', 'kube-scheduler-configuration.yaml')
    // The file of control-plane nodes is not here.
    const kubeconfig = join(folder, 'kubeconfig')
    writeFileSync(kubeconfig, noCluster)
    writeFileSync(file, readFileSync(file, 'utf8').replace('/etc/kubernetes/scheduler.conf', kubeconfig))
    const written = join(folder, 'written.yaml')
    const onlyReading = ['--secure-port=0', '--leader-elect=false', `--write-config-to=${written}`]
    const { text } = run('kube-scheduler', [`--config=${file}`, ...onlyReading])
    expect(text).not.toContain('strict decoding error')
    expect(parse(readFileSync(written, 'utf8'))).toMatchObject({ parallelism: 32, clientConnection: { qps: 500 } })
  })

  it('should be a patch and a drop-in that kubelets read strictly, and that override their own file', () => {
    const files = rendered('tuned', 'kubeadm')
    const folderOfDropIns = join(files, 'etc', 'kubernetes', 'kubelet.conf.d')
    // A kubelet itself ignores fields that it does not know in a drop-in; hollow nodes refuse them.
    for (const file of [
      join(files, 'patches', 'kubeletconfiguration+merge.yaml'),
      join(folderOfDropIns, '90-scale-test.conf'),
    ])
      expect(run('hollow-node', [`--config=${file}`, noKubeconfig]).text).toMatch(/^hollow-node: --kubeconfig/)
    const own = join(folder, 'kubelet')
    mkdirSync(own)
    writeFileSync(join(own, 'kubelet.yaml'), kubeletFile)
    const { text } = run('kubelet', [
      `--config=${join(own, 'kubelet.yaml')}`,
      `--config-dir=${folderOfDropIns}`,
      `--root-dir=${own}`,
      noKubeconfig,
    ])
    expect(text).toMatch(/^\s*maxPods: 500$/m)
    expect(text).toMatch(/^\s*nodeStatusUpdateFrequency: 3s$/m)
  })
})

const noCluster = `apiVersion: v1
kind: Config
clusters: [{ name: none, cluster: { server: https://127.0.0.1:1 } }]
contexts: [{ name: none, context: { cluster: none, user: none } }]
users: [{ name: none, user: {} }]
current-context: none
`

/** So that kubelets end when they have read their settings. */
const noKubeconfig = '--kubeconfig=/dev/null/none'
const kubeletFile = `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
maxPods: 110
failCgroupV1: false
`
