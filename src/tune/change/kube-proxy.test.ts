import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { ApiError } from '../../kube/api.ts'
import type { ConfigMap, DaemonSet } from '../../kube/resources.ts'
import { createFakeApi } from '../../testing/fake-api.ts'
import { requestsUnder } from '../../testing/profiles.ts'
import { createVirtualClock } from '../../testing/virtual-clock.ts'
import { hostSettings } from '../hosts/wanted.ts'
import { applyPlans } from './apply.ts'
import { noCluster } from './cluster-view.ts'
import { tunedKubeProxy } from './kube-proxy.ts'
import { diffOf, planHosts } from './plan.ts'

const section = { namespace: 'kube-system', configMap: 'kube-proxy', key: 'config.conf', daemonSet: 'kube-proxy' }
const file = `apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
# of kubeadm
conntrack:
  maxPerCore: null
mode: ""
`
const pods = 3

/** A cluster whose DaemonSet controller replaces all pods at once, unless `fails` says that none runs with new settings. */
function bench() {
  const clock = createVirtualClock()
  const api = createFakeApi(clock)
  const rollouts: { round: string | undefined; initContainers: unknown; file: string }[] = []
  const world = { fails: false }
  api.put('namespaces', { metadata: { name: 'kube-system' } })
  api.put('configmaps', { metadata: { name: 'kube-proxy', namespace: 'kube-system' }, data: { 'config.conf': file } })
  const command = ['/usr/local/bin/kube-proxy', '--config=/var/lib/kube-proxy/config.conf']
  const daemonSet: DaemonSet = {
    metadata: { name: 'kube-proxy', namespace: 'kube-system', generation: 1 },
    spec: { template: { spec: { containers: [{ name: 'kube-proxy', image: 'kube-proxy:1', command }] } } },
    status: {
      observedGeneration: 1,
      desiredNumberScheduled: pods,
      updatedNumberScheduled: pods,
      numberAvailable: pods,
    },
  }
  api.put('daemonsets', daemonSet)
  const ref = { namespace: 'kube-system', name: 'kube-proxy' }
  const map = (): Promise<ConfigMap> => api.get({ resource: 'configmaps', ...ref })
  let text = file
  api.onWrite(({ resource, verb, object }) => {
    if (resource === 'configmaps') text = (object as ConfigMap).data?.['config.conf'] ?? ''
    if (resource !== 'daemonsets' || verb !== 'patch') return
    const { metadata, spec } = object as DaemonSet
    const generation = (metadata.generation ?? 0) + 1
    const round = spec.template.metadata?.annotations?.['scale-test/tuned']
    const isWell = !(world.fails && round === 'tune-1a2b3c4d')
    rollouts.push({
      round,
      initContainers: spec.template.spec.initContainers,
      file: text,
    })
    const status = {
      observedGeneration: generation,
      desiredNumberScheduled: pods,
      updatedNumberScheduled: isWell ? pods : 1,
      numberAvailable: isWell ? pods : pods - 1,
    }
    api.put('daemonsets', { ...(object as DaemonSet), metadata: { ...metadata, generation }, status })
  })
  const on = tunedKubeProxy({ api, section, clock, healthMs: 60_000 })
  const kubeProxy = { section, on }
  const settings = (set: Record<string, string | number>) =>
    hostSettings(requestsUnder('stock', set), { hosts: [], kubeProxy: section })
  const apply = async (set: Record<string, string | number>, signal = new AbortController().signal) => {
    const plans = await planHosts({ hosts: [], kubeProxy }, settings(set))
    return applyPlans({
      run: 'tune-1a2b3c4d',
      profile: 'tuned',
      plans,
      cluster: noCluster,
      record: () => {},
      healthMs: 60_000,
      deadManMs: 20_000,
      clock,
      signal,
      onProgress: () => {},
    })
  }
  const restore = () => on.restore('tune-1a2b3c4d')
  const state = async () => {
    const set = await api.get({ resource: 'daemonsets', ...ref })
    const { data, metadata } = await map()
    const { initContainers, containers } = set.spec.template.spec
    const rounds = set.spec.template.metadata?.annotations ?? {}
    return { data, annotations: metadata.annotations ?? {}, initContainers, containers, rounds }
  }
  return { api, clock, map, apply, restore, state, rollouts, world, kubeProxy, settings, ref }
}

const tuned = { 'kubeProxy.conntrack.maxPerCore': 144_420 }
const withMode = { ...tuned, 'kubeProxy.mode': 'nftables' }

describe('kube-proxy, whose settings are in a ConfigMap', () => {
  it('should be shown as a diff of its file, which keeps its comments', async () => {
    const { kubeProxy, settings } = bench()
    const [plan] = await planHosts({ hosts: [], kubeProxy }, settings(tuned))
    if (plan === undefined) throw new Error('there is no plan')
    expect(diffOf(plan)).toBe(`--- configmap kube-system/kube-proxy:config.conf
+++ configmap kube-system/kube-proxy:config.conf
@@ -3,4 +3,4 @@
 # of kubeadm
 conntrack:
-  maxPerCore: null
+  maxPerCore: 144420
 mode: ""
`)
  })

  it('should be rolled out with its new file, and as before after it was restored', async () => {
    const { apply, restore, state, rollouts } = bench()
    const before = await state()
    await apply(tuned)
    expect(rollouts.map(({ round }) => round)).toEqual(['tune-1a2b3c4d'])
    expect(parse(rollouts[0]?.file ?? '')).toMatchObject({ conntrack: { maxPerCore: 144_420 } })
    expect(await restore()).toEqual([{ outcome: 'restored', what: 'config.conf' }])
    expect(rollouts.map(({ round }) => round)).toEqual(['tune-1a2b3c4d', undefined])
    expect(await state()).toEqual(before)
    expect(await restore()).toEqual([])
  })

  it('should remove the rules of the other mode once on each node, in both directions', async () => {
    const { apply, restore, state, rollouts } = bench()
    const before = await state()
    await apply(withMode)
    expect(rollouts[0]?.initContainers).toEqual([
      {
        name: 'scale-test-cleanup',
        image: 'kube-proxy:1',
        command: ['/usr/local/bin/kube-proxy', '--config=/var/lib/kube-proxy/config.conf', '--cleanup'],
      },
    ])
    await restore()
    expect(rollouts.map(({ round, initContainers }) => [round, initContainers !== undefined])).toEqual([
      ['tune-1a2b3c4d', true],
      ['tune-1a2b3c4d-restored', true],
      [undefined, false],
    ])
    expect(rollouts[1]?.file).toBe(file)
    expect(await state()).toEqual(before)
  })

  it('should be restored when its pods do not run with the new settings', async () => {
    const { apply, state, rollouts, world } = bench()
    const before = await state()
    world.fails = true
    await expect(apply(tuned)).rejects.toMatchObject({
      kind: 'infrastructure',
      message: 'configmap kube-system/kube-proxy: its DaemonSet has not rolled out: 1 of 3 pods are new, 2 available',
    })
    expect(rollouts).toHaveLength(2)
    expect(await state()).toEqual(before)
  })

  it('should leave alone what somebody else has changed since, and say so', async () => {
    const { apply, restore, map, api, state } = bench()
    await apply(tuned)
    const { metadata } = await map()
    api.put('configmaps', { metadata, data: { 'config.conf': `${file}# mine\n` } })
    expect(await restore()).toEqual([{ outcome: 'drift', what: 'config.conf' }])
    expect(await state()).toMatchObject({ data: { 'config.conf': `${file}# mine\n` }, annotations: {}, rounds: {} })
  })

  it('should not be changed while another run has not restored it, or nothing would restart its pods', async () => {
    const { apply, kubeProxy, settings, api, ref } = bench()
    await apply(tuned)
    const set = await api.get({ resource: 'daemonsets', ...ref })
    api.put('daemonsets', { ...set, spec: { ...set.spec, updateStrategy: { type: 'OnDelete' } } })
    const plan = planHosts({ hosts: [], kubeProxy }, settings(withMode))
    await expect(plan).rejects.toMatchObject({ kind: 'safety-refusal' })
    await expect(plan).rejects.toThrow(/run tune-1a2b3c4d has not restored its changes/)
    await expect(plan).rejects.toThrow('its DaemonSet has the update strategy OnDelete, which restarts no pod')
  })

  it('should be restored by whoever comes later, from wherever a killed run was', async () => {
    const { apply, restore, state, api } = bench()
    const before = await state()
    for (const stopAt of [1, 2, 3, 4]) {
      let writes = 0
      let isDead = true
      api.refuse((request) => {
        if (isDead && request.startsWith('patch') && ++writes > stopAt) throw new Error('killed')
        return undefined
      })
      await apply(withMode)
        .then(restore)
        .catch(() => {})
      isDead = false
      await restore()
      expect(await state(), `after ${stopAt} writes`).toEqual(before)
    }
  })

  it('should not be changed while one of its pods is not well, which would stop the rollout that restores, too', async () => {
    const { kubeProxy, settings, api, ref } = bench()
    const set = await api.get({ resource: 'daemonsets', ...ref })
    api.put('daemonsets', { ...set, status: { ...set.status, numberAvailable: pods - 1 } })
    await expect(planHosts({ hosts: [], kubeProxy }, settings(tuned))).rejects.toThrow(
      'its DaemonSet is not rolled out: 3 of 3 pods are new, 2 available',
    )
  })

  it('should be restored when the API server that its hosts restore is away meanwhile', async () => {
    const { apply, restore, state, api, clock } = bench()
    const before = await state()
    await apply(tuned)
    const backMs = clock.nowMs() + 40_000
    const refuses = [new ApiError(0, 'ECONNREFUSED', 'no answer'), new ApiError(403, 'Forbidden', 'not yet')]
    api.refuse(() => {
      const forMs = backMs - clock.nowMs()
      return forMs > 5000 ? refuses[0] : forMs > 0 ? refuses[1] : undefined
    })
    expect(await restore()).toEqual([{ outcome: 'restored', what: 'config.conf' }])
    expect(await state()).toEqual(before)
  })

  it('should not take what somebody writes while it restores', async () => {
    const { apply, restore, state, api, map } = bench()
    await apply(tuned)
    const mine = await map()
    let isWritten = false
    api.refuse((request) => {
      if (request.startsWith('patch configmaps') && !isWritten) {
        isWritten = true
        api.put('configmaps', { ...mine, data: { 'config.conf': `${file}# mine\n` } })
      }
      return undefined
    })
    expect(await restore()).toEqual([{ outcome: 'drift', what: 'config.conf' }])
    expect(await state()).toMatchObject({ data: { 'config.conf': `${file}# mine\n` }, annotations: {}, rounds: {} })
  })

  it('should refuse to change what somebody changes at the same moment', async () => {
    const { apply, state, api, map } = bench()
    const mine = await map()
    api.refuse((request) => {
      if (request.startsWith('patch configmaps'))
        api.put('configmaps', { ...mine, data: { 'config.conf': `${file}# mine\n` } })
      return undefined
    })
    await expect(apply(tuned)).rejects.toMatchObject({
      kind: 'safety-refusal',
      message: 'configmap kube-system/kube-proxy: config.conf was changed by somebody else while this ran',
    })
    expect(await state()).toMatchObject({ data: { 'config.conf': `${file}# mine\n` }, annotations: {} })
  })

  it('should not take the note of a run that has begun since it was planned', async () => {
    const { apply, api, state, kubeProxy, settings } = bench()
    const [plan] = await planHosts({ hosts: [], kubeProxy }, settings(tuned))
    const change = plan?.wanted[0]?.changes[0]
    if (change === undefined) throw new Error('there is no change')
    await apply(tuned)
    api.put('configmaps', {
      metadata: { name: 'kube-proxy', namespace: 'kube-system', annotations: (await state()).annotations },
      data: { 'config.conf': file },
    })
    await expect(kubeProxy.on.change('tune-99999999', 1, change)).rejects.toMatchObject({ kind: 'safety-refusal' })
    expect((await state()).annotations['scale-test/tuning']).toContain('tune-1a2b3c4d')
  })

  it('should say that its file is not as before when somebody has replaced the ConfigMap and its note', async () => {
    const { apply, restore, api, state } = bench()
    await apply(withMode)
    api.put('configmaps', { metadata: { name: 'kube-proxy', namespace: 'kube-system' }, data: { 'config.conf': file } })
    expect(await restore()).toEqual([{ outcome: 'drift', what: 'config.conf' }])
    expect(await state()).toMatchObject({ rounds: {}, initContainers: undefined })
    expect(await restore()).toEqual([])
  })

  it('should have nothing to restore where it does not exist: a run that changed nothing there is no residue', async () => {
    const { restore, api, ref } = bench()
    for (const resource of ['configmaps', 'daemonsets'] as const) {
      const { metadata } = await api.get({ resource, ...ref })
      await api.delete({ resource, ...ref }, { uid: metadata.uid ?? '' })
    }
    expect(await restore()).toEqual([])
  })

  it.each([[undefined], [['/bin/sh', '-c', 'kube-proxy --config=/var/lib/kube-proxy/config.conf']]])(
    'should not be touched when rules would have to be removed and the command is %j',
    async (command) => {
      const { apply, api, ref, state } = bench()
      const set = await api.get({ resource: 'daemonsets', ...ref })
      const container = { name: 'kube-proxy', image: 'kube-proxy:1', ...(command && { command }) }
      api.put('daemonsets', { ...set, spec: { template: { spec: { containers: [container] } } } })
      await expect(apply(withMode)).rejects.toThrow('no container of its DaemonSet has kube-proxy as its command')
      expect(api.requests.filter((request) => request.startsWith('patch'))).toEqual([])
      expect(await state()).toMatchObject({ data: { 'config.conf': file }, annotations: {} })
    },
  )

  it('should not count as restored while the rollout that restores still goes on', async () => {
    const { apply, restore, api, ref, map } = bench()
    await apply(tuned)
    api.onWrite(({ resource, verb, object }) => {
      const set = object as DaemonSet
      if (resource === 'daemonsets' && verb === 'patch')
        api.put('daemonsets', { ...set, status: { ...set.status, updatedNumberScheduled: 1 } })
    })
    await expect(restore()).rejects.toThrow('its DaemonSet has not rolled out')
    await expect(restore()).rejects.toThrow('its DaemonSet has not rolled out')
    expect((await map()).metadata.annotations).toHaveProperty('scale-test/tuning')
    const set = await api.get({ resource: 'daemonsets', ...ref })
    const generation = set.metadata.generation ?? 0
    api.put('daemonsets', {
      ...set,
      status: { ...set.status, observedGeneration: generation, updatedNumberScheduled: pods, numberAvailable: pods },
    })
    expect(await restore()).toEqual([{ outcome: 'restored', what: 'config.conf' }])
    expect((await map()).metadata.annotations).toEqual({})
  })

  it('should be restored soon after an interrupt, in the middle of a rollout', async () => {
    const { apply, state, world, clock, api } = bench()
    const before = await state()
    world.fails = true
    const interrupting = new AbortController()
    api.onWrite(({ resource, verb }) => {
      if (resource === 'daemonsets' && verb === 'patch')
        void clock.sleep(5000).then(() => interrupting.abort(new Error('interrupted')))
    })
    const sinceMs = clock.nowMs()
    await expect(apply(tuned, interrupting.signal)).rejects.toThrow('interrupted')
    expect(clock.nowMs() - sinceMs).toBeLessThan(30_000)
    expect(await state()).toEqual(before)
  })

  it.each([
    [404, 'bad-input', 'Check `kubeProxy` in the clusters file'],
    [403, 'infrastructure', 'Grant the rights in manifests/rbac-kube-proxy.yaml'],
  ])('should say what to do when the API server answers %i', async (status, kind, next) => {
    const { kubeProxy, settings, api } = bench()
    api.refuse((request) => (request.startsWith('get') ? new ApiError(status, '', 'refused') : undefined))
    await expect(planHosts({ hosts: [], kubeProxy }, settings(tuned))).rejects.toMatchObject({ kind, next })
  })
})
