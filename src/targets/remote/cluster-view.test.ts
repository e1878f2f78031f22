import { describe, expect, it } from 'vitest'
import { ApiError } from '../../kube/api.ts'
import type { Node, Pod } from '../../kube/resources.ts'
import { createFakeApi } from '../../testing/fake-api.ts'
import { requestsUnder } from '../../testing/profiles.ts'
import { hostForTests } from '../../testing/tuned-hosts.ts'
import { createVirtualClock } from '../../testing/virtual-clock.ts'
import type { WantedOf } from '../../tune/hosts/wanted.ts'
import { clusterView } from './cluster-view.ts'

const manifest = 'apiVersion: v1\nkind: Pod\nmetadata:\n  name: etcd\n  namespace: kube-system\n'
const changed = (path: string, text: string): WantedOf['changes'][number] => ({
  path,
  old: { path, content: Buffer.from(text).toString('base64'), sum: '' },
  content: '',
  restart: '',
})
const nothingExpected = { flags: {}, priority: {}, sysctls: {} }
const kubelet: WantedOf = {
  component: 'kubelet',
  running: { unit: 'kubelet.service', config: '/var/lib/kubelet/config.yaml' },
  changes: [changed('/var/lib/kubelet/config.yaml', '')],
  expected: nothingExpected,
}
const etcd: WantedOf = {
  component: 'etcd',
  running: { manifest: '/etc/kubernetes/manifests/etcd.yaml' },
  changes: [changed('/etc/kubernetes/manifests/etcd.yaml', manifest)],
  expected: nothingExpected,
}

/** A cluster with a Node on the host `cp`, whose boot ID is boot-1. */
function bench() {
  const api = createFakeApi(createVirtualClock())
  const node = (status: 'True' | 'False', lastHeartbeatTime: string, bootID = 'boot-1'): Node => ({
    metadata: { name: 'Node-1' },
    status: { nodeInfo: { bootID }, conditions: [{ type: 'Ready', status, lastHeartbeatTime }] },
  })
  const mirror = (hash: string, status: 'True' | 'False'): Pod => ({
    metadata: {
      name: 'etcd-node-1',
      namespace: 'kube-system',
      annotations: { 'kubernetes.io/config.mirror': hash },
    },
    spec: { containers: [] },
    status: { conditions: [{ type: 'Ready', status }] },
  })
  api.put('namespaces', { metadata: { name: 'kube-system' } })
  const pages: { maxPods?: number } = {}
  const readText = async (path: string) => {
    if (path !== '/api/v1/nodes/Node-1/proxy/configz') throw new ApiError(404, 'NotFound', `get ${path}: no such page`)
    return JSON.stringify({ kubeletconfig: pages })
  }
  const view = clusterView({
    role: 'target',
    arms: [],
    kubeconfig: 'k.yaml',
    context: 'eu-3',
    api: { ...api, readText },
  })
  return { api, view, pages, node, mirror, on: hostForTests('cp').on }
}

describe('what a cluster shows of a host', () => {
  it('should be a Ready Node that was heard of again, once its kubelet has been changed', async () => {
    const { api, view, node, on } = bench()
    api.put('nodes', node('True', '10:00:00'))
    const notShown = await view.before(on, kubelet)
    expect(await notShown()).toBe('Node Node-1 has not reported since the change')
    api.put('nodes', node('False', '10:00:30'))
    expect(await notShown()).toBe('Node Node-1 is not Ready')
    api.put('nodes', node('True', '10:00:40'))
    expect(await notShown()).toBeUndefined()
  })

  it('should be that its kubelet runs with the settings, which its file alone does not say', async () => {
    const { api, view, pages, node, on } = bench()
    const asked = requestsUnder('stock', { 'kubelet.maxPods': 500 }).filter(({ knob }) => knob.id === 'kubelet.maxPods')
    const wanted = { ...kubelet, expected: { ...nothingExpected, asked } }
    api.put('nodes', node('True', '10:00:00'))
    pages.maxPods = 110
    const notShown = await view.before(on, wanted)
    api.put('nodes', node('True', '10:00:40'))
    expect(await notShown()).toBe('kubelet.maxPods is 110, not 500')
    expect(await view.differences(on, wanted)).toEqual(['kubelet.maxPods is 110, not 500'])
    pages.maxPods = 500
    expect(await notShown()).toBeUndefined()
    expect(await view.differences(on, wanted)).toEqual([])
  })

  it('should be a Ready mirror pod of the new manifest, whatever the case of its Node', async () => {
    const { api, view, node, mirror, on } = bench()
    api.put('nodes', node('True', '10:00:00'))
    api.put('pods', mirror('a', 'True'))
    const notShown = await view.before(on, etcd)
    expect(await notShown()).toBe('pod kube-system/etcd-node-1 still has the old manifest')
    api.put('pods', mirror('b', 'False'))
    expect(await notShown()).toBe('pod kube-system/etcd-node-1 is not Ready')
    api.put('pods', mirror('b', 'True'))
    expect(await notShown()).toBeUndefined()
  })

  it('should keep a kubelet from being changed whose host is no Node of the cluster, or one that is not Ready', async () => {
    const { api, view, node, on } = bench()
    api.put('nodes', node('True', '10:00:00', 'another'))
    await expect(view.before(on, kubelet)).rejects.toMatchObject({
      kind: 'safety-refusal',
      message: "cp: target (context eu-3) has no Node with this host's boot ID",
    })
    const other = bench()
    other.api.put('nodes', other.node('False', '10:00:00'))
    await expect(other.view.before(on, kubelet)).rejects.toMatchObject({
      kind: 'safety-refusal',
      message: 'cp: its Node Node-1 is not Ready, so its kubelet is not changed',
    })
  })

  it('should not be a hollow node, which has the boot ID of the machine that carries it', async () => {
    const { api, view, node, on } = bench()
    const hollow = { ...node('True', '10:00:00'), spec: { providerID: 'kubemark://hollow-1' } }
    api.put('nodes', hollow)
    await expect(view.before(on, kubelet)).rejects.toMatchObject({ kind: 'safety-refusal' })
  })

  it('should be asked again where the API server does not answer, as it may be the one that was changed', async () => {
    const { api, view, node, on } = bench()
    api.put('nodes', node('True', '10:00:00'))
    const notShown = await view.before(on, kubelet)
    let isDown = true
    api.refuse(() => (isDown ? new ApiError(0, '', 'connection refused') : undefined))
    expect(await notShown()).toBe('the API server does not answer: connection refused')
    isDown = false
    api.put('nodes', node('True', '10:00:40'))
    expect(await notShown()).toBeUndefined()
  })

  it('should be nothing of units, and of static pods of a kubelet that has no cluster', async () => {
    const { view, on } = bench()
    const unit = { ...etcd, running: { unit: 'etcd.service' } }
    expect(await (await view.before(on, unit))()).toBeUndefined()
    expect(await (await view.before(on, etcd))()).toBeUndefined()
  })

  it('should not be taken from another Node that has the same boot ID, as containers on one machine do', async () => {
    const { api, view, node, on } = bench()
    api.put('nodes', node('True', '10:00:00'))
    api.put('nodes', { ...node('True', '10:00:00'), metadata: { name: 'Node-2' } })
    await expect(view.before(on, kubelet)).rejects.toMatchObject({
      kind: 'safety-refusal',
      message: "cp: several Nodes of target (context eu-3) have this host's boot ID: Node-1, Node-2",
    })
    expect(await (await view.before(on, etcd))()).toBeUndefined()
  })
})
