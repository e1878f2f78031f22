import { describe, expect, it } from 'vitest'
import type { KubeApi } from '../kube/api.ts'
import { createFlowTally, namedFlows } from './flows.ts'

const uid = '0a1b2c3d-0000-4000-8000-000000000001'
const level = '0a1b2c3d-0000-4000-8000-000000000002'
const request = { verb: 'create', resource: 'pods', status: 201, latencyMs: 1 } as const
const { signal } = new AbortController()

function tallied(...schemas: string[]) {
  const tally = createFlowTally()
  for (const flowSchema of schemas) tally.add({ ...request, flow: { flowSchema, priorityLevel: level } })
  tally.add(request)
  return tally.flows()
}

const listing = (items: object[]) =>
  ({
    async *list() {
      yield { items, resourceVersion: '1' }
    },
  }) as unknown as KubeApi

describe('what own requests ride on', () => {
  it('should be counted by flow schema, the most requests first; what no API server answered is left out', () => {
    expect(tallied('a', 'b', 'b')).toEqual([
      { flowSchema: 'b', priorityLevel: level, requests: 2 },
      { flowSchema: 'a', priorityLevel: level, requests: 1 },
    ])
  })

  it('should be named where flow schemas may be listed, and keep its UIDs where not', async () => {
    const schema = {
      metadata: { name: 'global-default', uid },
      spec: { priorityLevelConfiguration: { name: 'workload-low' } },
    }
    expect(await namedFlows(tallied(uid), listing([schema]), signal)).toEqual([
      { flowSchema: 'global-default', priorityLevel: 'workload-low', requests: 1 },
    ])
    const refusing = {
      list() {
        throw new Error('403')
      },
    } as unknown as KubeApi
    expect(await namedFlows(tallied(uid), refusing, signal)).toEqual(tallied(uid))
  })
})
