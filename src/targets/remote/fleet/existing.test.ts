import { describe, expect, it } from 'vitest'
import type { Node } from '../../../kube/resources.ts'
import { createFakeApi } from '../../../testing/fake-api.ts'
import { createVirtualClock } from '../../../testing/virtual-clock.ts'
import { selectNodes } from './existing.ts'

const signal = new AbortController().signal

async function targetWith(...nodes: [name: string, labels?: Record<string, string>, node?: Partial<Node>][]) {
  const target = createFakeApi(createVirtualClock())
  for (const [name, labels = {}, node = {}] of nodes)
    await target.create('nodes', {
      metadata: { name, labels },
      status: { conditions: [{ type: 'Ready', status: 'True' }] },
      ...node,
    })
  return target
}

const hollow = { spec: { providerID: 'kubemark://a' } }
const notReady = { status: { conditions: [{ type: 'Ready', status: 'False' as const }] } }

describe('selectNodes', () => {
  it('should select the Ready nodes with the label, and the one that is timed', async () => {
    const target = await targetWith(
      ['b', { kind: 'hollow' }, hollow],
      ['a', { kind: 'hollow' }, hollow],
      ['c', { kind: 'hollow' }, notReady],
      ['real', { kind: 'real' }],
    )
    const choice = { selector: 'kind=hollow', nodes: 2, probe: { name: 'b' } }
    expect(await selectNodes(target, choice, signal)).toMatchObject({
      nodeNames: ['b', 'a'],
      probeNode: 'b',
      timed: { metadata: { name: 'b' }, ...hollow },
    })
    expect(await selectNodes(target, { ...choice, probe: { selector: 'kind=real' } }, signal)).toMatchObject({
      nodeNames: ['real', 'a', 'b'],
      probeNode: 'real',
    })
    // A plan that times no node has none to name.
    expect(await selectNodes(target, { ...choice, probe: undefined }, signal)).toMatchObject({ probeNode: 'a' })
  })

  it('should say how many are Ready when that is fewer than planned', async () => {
    const target = await targetWith(['a'], ['b', {}, notReady])
    const choice = { selector: undefined, nodes: 3, probe: { name: 'a' } }
    await expect(selectNodes(target, choice, signal)).rejects.toThrow('the plan needs 3 nodes; Ready: 1, not Ready: 1')
  })

  it.each([
    [{ name: 'x' }, 'the target has no node x'],
    [{ selector: 'kind=x' }, 'the target has no node with kind=x'],
    [{ selector: 'kind=two' }, '2 nodes match kind=two (b, c, ...)'],
    [{ name: 'sick' }, 'sick is not Ready'],
    [{ name: 'cordoned' }, 'cordoned is cordoned'],
  ])('should refuse the node of the probes when it is %j', async (probe, message) => {
    const target = await targetWith(
      ['a'],
      ['b', { kind: 'two' }],
      ['c', { kind: 'two' }],
      ['sick', {}, notReady],
      ['cordoned', {}, { spec: { unschedulable: true } }],
    )
    await expect(selectNodes(target, { selector: undefined, nodes: 1, probe }, signal)).rejects.toThrow(message)
  })
})
