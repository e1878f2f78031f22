/** On every object that a run creates, with the run's id as its value: what is ours, and ours only. */
export const runLabel = 'scale-test/run'

/** What an object is for: `workload`, `ballast` or `canary` (by which watch lag is measured). Absent on what the probes use. */
export const roleLabel = 'scale-test/role'
