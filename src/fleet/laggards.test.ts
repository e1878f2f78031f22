import { describe, expect, it } from 'vitest'
import type { Node, Pod } from '../kube/resources.ts'
import { describeLaggards, laggardsOf } from './laggards.ts'

const ready = (status: 'True' | 'False' | 'Unknown', rest = {}): Node => ({
  metadata: {},
  status: { conditions: [{ type: 'Ready', status, ...rest }] },
})
const pod = (status: Pod['status'], nodeName?: string): Pod => ({
  metadata: {},
  spec: { containers: [], ...(nodeName !== undefined && { nodeName }) },
  ...(status !== undefined && { status }),
})

const expected = [
  { pod: 'hollow-probe-0', nodes: ['hollow-0'] },
  { pod: 'hollow-packs-0-0', nodes: ['hollow-1', 'hollow-2'] },
]

describe('laggardsOf', () => {
  it('should find none when all nodes are Ready', () => {
    const nodes = new Map(['hollow-0', 'hollow-1', 'hollow-2'].map((name) => [name, ready('True')]))
    expect(laggardsOf(expected, nodes, new Map())).toEqual([])
  })

  it('should give the reason of the node where it is there, and of its pod where it never was', () => {
    const nodes = new Map([
      ['hollow-0', ready('Unknown', { reason: 'NodeStatusUnknown', message: 'Kubelet stopped posting node status.' })],
    ])
    const pods = new Map([['hollow-packs-0-0', pod({ phase: 'Pending' }, 'host-1')]])
    expect(laggardsOf(expected, nodes, pods)).toEqual([
      { because: 'never registered; its pod is Pending on host-1, not ready', nodes: ['hollow-1', 'hollow-2'] },
      {
        because: 'registered, Ready is Unknown (NodeStatusUnknown: Kubelet stopped posting node status.)',
        nodes: ['hollow-0'],
      },
    ])
    expect(laggardsOf(expected, new Map(), new Map())).toEqual([
      { because: 'never registered; its pod does not exist', nodes: ['hollow-0', 'hollow-1', 'hollow-2'] },
    ])
    expect(laggardsOf(expected.slice(0, 1), new Map([['hollow-0', { metadata: {} }]]), new Map())[0]?.because).toBe(
      'registered, but its kubelet has not reported yet',
    )
  })
})

describe('describeLaggards', () => {
  it('should name a few of many', () => {
    const nodes = Array.from({ length: 8 }, (_, index) => `hollow-${index}`)
    const laggards = ['a', 'b', 'c', 'd'].map((because) => ({ because, nodes }))
    expect(describeLaggards(laggards, 40)).toBe(
      '32 of 40 nodes are not Ready: ' +
        ['a', 'b', 'c'].map((why) => `hollow-0, hollow-1, hollow-2, hollow-3, hollow-4 and 3 more: ${why}`).join('; ') +
        '; and for 1 more reason',
    )
  })
})
