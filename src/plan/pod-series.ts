import type { SeriesEntry } from './series.ts'

const byPhase = { labels: ['phase'], unit: 'ms', form: 'distribution', from: 'the watch on pods' } as const

/** Of steps that start pods. */
export const podStartup: SeriesEntry = {
  name: 'pod_startup_ms',
  ...byPhase,
  what: "time between two moments in a pod's life, as the watch showed them: created to bound, bound to started, started to Ready, created to Ready; for a probe also T0 to created",
}

/** Of steps that delete pods. */
export const podDeletion: SeriesEntry = {
  name: 'pod_deletion_ms',
  ...byPhase,
  what: "time between two moments in a pod's deletion, as the watch showed them: T0 to terminating, terminating to deleted, T0 to deleted",
}
