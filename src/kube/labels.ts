/** On every object that a run creates, with the run's id as its value: what is ours, and ours only. */
export const runLabel = 'scale-test/run'
