import type { KubeApi } from '../kube/api.ts'
import type { RequestRecord } from '../kube/transport.ts'
import type { OwnFlow } from '../result/result.ts'

/** Counts what the orchestrator's own requests rode on. */
export interface FlowTally {
  add(record: RequestRecord): void
  /** So far, by UID where a real API server said it; the most requests first. */
  flows(): OwnFlow[]
}

/** An empty tally. */
export function createFlowTally(): FlowTally {
  const counts = new Map<string, OwnFlow>()
  return {
    add({ flow }) {
      if (flow === undefined) return
      const found = counts.get(flow.flowSchema)
      if (found === undefined) counts.set(flow.flowSchema, { ...flow, requests: 1 })
      else found.requests++
    },
    flows: () => [...counts.values()].map((flow) => ({ ...flow })).sort((one, other) => other.requests - one.requests),
  }
}

/** The same by name. Where flow schemas may not be listed, which is a right that a run does without, UIDs stay. */
export async function namedFlows(flows: readonly OwnFlow[], api: KubeApi, signal: AbortSignal): Promise<OwnFlow[]> {
  if (flows.every(({ flowSchema }) => !isUid(flowSchema))) return [...flows]
  const names = new Map<string, Pick<OwnFlow, 'flowSchema' | 'priorityLevel'>>()
  try {
    for await (const { items } of api.list({ resource: 'flowschemas' }, signal))
      for (const { metadata, spec } of items)
        names.set(metadata.uid ?? '', {
          flowSchema: metadata.name ?? '',
          priorityLevel: spec.priorityLevelConfiguration.name,
        })
  } catch {
    return [...flows]
  }
  return flows.map((flow) => ({ ...flow, ...names.get(flow.flowSchema) }))
}

function isUid(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text)
}
