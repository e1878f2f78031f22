import type { EndpointSliceChange } from '../controllers/endpoint-slices.ts'

/** What has changed since a proxy's last sync. */
export interface ChangeTracker {
  noteService(): void
  noteEndpoints(change: EndpointSliceChange): void
  /** Hands out what triggered the endpoint changes, each a moment; nothing is pending after that. */
  checkOut(): readonly number[]
  readonly counts: ChangeCounts
}

export interface ChangeCounts {
  serviceChanges: number
  endpointChanges: number
  /** Of the endpoint changes: not synced yet. */
  endpointsPending: number
}

/**
 * A proxy's trackers of changes (pkg/proxy/servicechangetracker.go, endpointschangetracker.go). A change of endpoints counts towards the
 * latency of network programming when it says what triggered it, and that was after the tracker's own start.
 */
export function trackChanges(startedMs: number): ChangeTracker {
  const counts: ChangeCounts = { serviceChanges: 0, endpointChanges: 0, endpointsPending: 0 }
  let triggers: number[] = []
  return {
    counts,
    noteService() {
      counts.serviceChanges++
    },
    noteEndpoints({ triggeredMs }) {
      counts.endpointChanges++
      counts.endpointsPending++
      if (triggeredMs !== undefined && triggeredMs > startedMs) triggers.push(triggeredMs)
    },
    checkOut() {
      counts.endpointsPending = 0
      const taken = triggers
      if (taken.length > 0) triggers = []
      return taken
    },
  }
}
