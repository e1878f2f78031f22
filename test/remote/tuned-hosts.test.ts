import { describe, expect, it } from 'vitest'
import { Failure } from '../../src/base/errors.ts'
import type { RunEvent } from '../../src/run/events.ts'
import { restoreSettings } from '../../src/run/restore-settings.ts'
import type { RemoteTargetOptions } from '../../src/targets/remote/index.ts'
import { remoteTarget } from '../../src/targets/remote/index.ts'
import type { HostForTests } from '../../src/testing/tuned-hosts.ts'
import { accessTo, hostForTests } from '../../src/testing/tuned-hosts.ts'
import type { SimulatedClusters } from './simulated.ts'
import { run, simulatedClusters } from './simulated.ts'

/** One cluster for both arms, whose hosts the run tunes. */
function tunedOverSsh(bench: SimulatedClusters, hosts: readonly HostForTests[]) {
  const base = bench.options('run-1')
  const [shared] = base.plan.remote?.targets ?? []
  if (shared === undefined) throw new Error('a target is missing')
  const { arms: _, ...target } = shared
  const access = accessTo(hosts)
  const remote = {
    targets: [{ ...target, hosts: hosts.map(({ host }) => host) }],
    tuneHosts: { healthBudget: 10_000, deadMan: 20_000 },
  }
  const options: RemoteTargetOptions = { ...base, plan: { ...base.plan, remote }, hostAccess: access }
  return { access, options }
}

const qps = ({ args }: HostForTests) => args().find((word) => word.startsWith('--kube-api-qps='))

describe('hosts that a run tunes', () => {
  it('should have the settings of each arm while it runs, and their own again after it', async () => {
    await using bench = await simulatedClusters(['untuned'])
    const before = await bench.contents()
    const hosts = [hostForTests('cp-1'), hostForTests('cp-2')]
    const { options, access } = tunedOverSsh(bench, hosts)
    const seen: unknown[] = []
    const emit = (event: RunEvent) => {
      if (event.type === 'step-started' && event.stepId.startsWith('probe'))
        seen.push([event.armId, hosts.map(qps), hosts.map((host) => host.isArmed())])
    }
    const { result, error } = await run(options, { emit })
    expect(error).toBeUndefined()
    expect(result.arms.map(({ outcome, residue }) => [outcome, residue])).toEqual([
      ['complete', []],
      ['complete', []],
    ])
    expect(seen).toContainEqual(['tuned-1', ['--kube-api-qps=500', '--kube-api-qps=500'], [true, true]])
    expect(hosts.map(qps)).toEqual(['--kube-api-qps=20', '--kube-api-qps=20'])
    expect(hosts.map((host) => host.isArmed())).toEqual([false, false])
    expect(hosts[0]?.renewals()).toBeGreaterThan(5)
    expect(access.diffs.at(-1)).toContain('+ExecStart=/usr/bin/kube-controller-manager --kube-api-qps=500')
    expect(access.records.map(({ type }) => type)).toContain('intent')
    expect(await bench.contents()).toEqual(before)
  })

  it('should say what hosts run with where no page tells', async () => {
    await using bench = await simulatedClusters(['untuned'])
    const { options } = tunedOverSsh(bench, [hostForTests('cp-1')])
    const { result } = await run(options)
    const sysctl = result.arms[1]?.knobs.find(({ id }) => id === 'host.nf_conntrack_max')
    expect(sysctl).toMatchObject({ status: 'applied', effective: 2_310_720, readFrom: '/proc/sys on cp-1' })
  })

  it('should end an arm whose host is lost, and name it as not restored (fault 27)', async () => {
    await using bench = await simulatedClusters(['untuned'])
    const hosts = [hostForTests('cp-1'), hostForTests('cp-2')]
    const { options } = tunedOverSsh(bench, hosts)
    const emit = (event: RunEvent) => {
      if (event.type === 'step-started' && event.armId === 'untuned-1' && event.stepId.startsWith('probe'))
        hosts[1]?.loseContact()
    }
    const { result, error } = await run(options, { emit })
    expect(error).toMatchObject({ kind: 'infrastructure', message: expect.stringContaining('cp-2 cannot be reached') })
    expect(result.arms[0]?.residue.join()).toContain('cp-2 cannot be reached')
    expect(hosts[0] === undefined ? '' : qps(hosts[0])).toBe('--kube-api-qps=20')
  })

  it('should name what a reboot has left with the settings of the arm (fault 31)', async () => {
    await using bench = await simulatedClusters(['tuned'])
    const host = hostForTests('cp-1')
    const { options } = tunedOverSsh(bench, [host])
    const emit = (event: RunEvent) => {
      if (event.type === 'step-started' && event.stepId.startsWith('probe')) host.reboot()
    }
    const { result } = await run(options, { emit })
    const residue = result.arms[0]?.residue.join() ?? ''
    expect(residue).toContain('cp-1 was rebooted, and still has what it started with from')
  })

  it('should restore what a killed session has changed before the run goes on (fault 19)', async () => {
    await using bench = await simulatedClusters(['untuned'])
    const host = hostForTests('cp-1')
    const { options, access } = tunedOverSsh(bench, [host])
    const path = '/etc/systemd/system/kube-controller-manager.service.d/90-scale-test.conf'
    const [old] = await host.on.look([path])
    if (old === undefined) throw new Error('nothing was found')
    const content = Buffer.from('ExecStart=kube-controller-manager --kube-api-qps=200').toString('base64')
    await host.on.change('run-1-tuned-1', 1, { path, old, content, restart: '' })
    expect(qps(host)).toBe('--kube-api-qps=200')
    const arm = { id: 'tuned-1', name: 'tuned', repetition: 1, kubernetes: undefined }
    const said: string[] = []
    const { signal } = new AbortController()
    await restoreSettings(remoteTarget(options), [arm], { signal, print: (line) => said.push(line) })
    expect(qps(host)).toBe('--kube-api-qps=20')
    expect(said.join('\n')).toContain('restored')
    expect(access.records.map(({ type }) => type)).toEqual(['undone'])
  })

  it('should be refused before anything is touched when one cannot be reached (fault 27)', async () => {
    await using bench = await simulatedClusters(['untuned'])
    const hosts = [hostForTests('cp-1'), hostForTests('cp-2')]
    hosts[1]?.loseContact()
    const { options } = tunedOverSsh(bench, hosts)
    const { signal } = new AbortController()
    const preparing = remoteTarget(options).prepare({
      fleet: { nodes: 2, nodesPerProcess: 1, node: { cpu: 8, memory: '16Gi' } },
      arms: [],
      signal,
      onProgress: () => {},
    })
    await expect(preparing).rejects.toThrow(Failure)
    await expect(preparing).rejects.toMatchObject({
      kind: 'safety-refusal',
      message: expect.stringContaining('tuned: cp-2 cannot be reached'),
    })
    expect(hosts.map((host) => host.isArmed())).toEqual([false, false])
  })
})
