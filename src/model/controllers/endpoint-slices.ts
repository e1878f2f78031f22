/** A write of an EndpointSlice, as its watchers see it: the model keeps neither the slice nor what is in it. */
export interface EndpointSliceChange {
  /** The annotation endpoints.kubernetes.io/last-change-trigger-time as a moment; absent where it is. */
  triggeredMs: number | undefined
}

/** Watchers of EndpointSlices. */
export type EndpointSliceWatchers = Set<(change: EndpointSliceChange) => void>

/** What lies behind the next write of a service's EndpointSlices. */
export interface TriggerTimes {
  /** A pod became Ready, or ceased to be, at this moment. */
  note(transitionMs: number): void
  /** The moment that the slices are to carry; undefined when nothing has changed that has one. */
  take(): number | undefined
}

/**
 * The controller's TriggerTimeTracker (k8s.io/endpointslice/util/trigger_time_tracker.go): of a service that it meets for the first time it
 * takes the creation, then the earliest of the Ready transitions since the last write. Pods that were deleted have none. All these are
 * timestamps of objects, in whole seconds: what is measured from them on is up to a second too long.
 */
export function trackTriggers(createdMs: number): TriggerTimes {
  let isKnown = false
  let earliestMs: number | undefined
  return {
    note(transitionMs) {
      if (earliestMs === undefined || transitionMs < earliestMs) earliestMs = transitionMs
    },
    take() {
      const triggeredMs = isKnown ? earliestMs : createdMs
      isKnown = true
      earliestMs = undefined
      return triggeredMs
    },
  }
}
