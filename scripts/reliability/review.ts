import type { Catalogue } from './rows.ts'

const structure = 'about structure'

/** What a review of the code found, by its numbers. */
export const review: Catalogue = {
  tag: 'review',
  title: 'Findings of a code review',
  introduction:
    'What a review of an early version found. Findings about structure have no test; the table says what became of them.',
  headings: ['what was found', 'now'],
  rows: [
    {
      number: 1,
      what: 'The Lease could expire while a cluster was re-tuned',
      answer: 'It is renewed from the beginning, and lasts longer meanwhile.',
    },
    {
      number: 2,
      what: "A cluster's UID was read only in the preflight",
      answer: 'It is compared whenever a cluster is opened, and before cleaning up.',
    },
    {
      number: 3,
      what: 'Bugs and other signals ended the process without tear-down',
      answer: 'All of them end the run in good order.',
    },
    { number: 4, what: 'Results stayed in memory until the end', answer: 'Each arm is written when it is finished.' },
    {
      number: 5,
      what: "The operator's programs were started in a way of their own",
      answer: '`runProgram` starts every program of a user: nothing of it runs on, its log is kept.',
    },
    {
      number: 6,
      what: "A limit explained any time, and counted everybody's pods",
      answer: 'It has an upper end, and counts the pods that the watches of the probe saw.',
    },
    { number: 7, what: 'Waits of a shared verb were given to one client', answer: 'They are left open.' },
    {
      number: 8,
      what: 'The simulation claimed knobs that it had never heard of',
      answer: 'Only what its settings look at is claimed.',
    },
    {
      number: 9,
      what: 'The text on shared processors was wrong',
      answer: 'The model shares cores equally, and says so.',
    },
    {
      number: 10,
      what: 'Durations contained other work',
      answer: 'They begin and end with what they are named after.',
    },
    {
      number: 11,
      what: 'Target remote ignores the spec of its fleet',
      answer:
        'By design: src/targets/remote/hollow-spec.ts makes the nodes of the whole plan, of which the spec is a part',
      untested: structure,
    },
    { number: 12, what: 'The calibration was not in the id of a run', answer: 'It is.' },
    {
      number: 13,
      what: 'A changed description broke comparisons',
      answer: '`conditionsHash` covers only what is done, and with what.',
    },
    {
      number: 14,
      what: 'Readings that failed were silent, and paired in four ways',
      answer: 'Each has its reason; all pairs are made by `pairs`.',
    },
    {
      number: 15,
      what: "Work without a time limit, deaf to signals; one arm's problem ended all",
      answer: 'Every step has a limit and a signal; an inconclusive arm ends itself only.',
    },
    { number: 16, what: 'Steps reported progress when they were over', answer: 'Nobody hears them then.' },
    { number: 17, what: 'A view that throws stopped the tear-down', answer: 'It does not.' },
    { number: 18, what: 'A full disk was called a bug', answer: 'It is an infrastructure failure, with what to do.' },
    { number: 19, what: 'Deleting opened a watch for each namespace', answer: 'One watch serves all.' },
    {
      number: 20,
      what: 'The pace raced 128 promises for each object',
      answer: '`createPlaces` waits for the next free place.',
    },
    {
      number: 21,
      what: 'Progress of the fleet went through functions that nobody called',
      answer: 'It reaches the view, setting up and taking away.',
    },
    {
      number: 22,
      what: 'Patches and options of deletions that nothing used',
      answer:
        'Gone: merge patches are all that is sent (src/kube/api.ts); `propagation` and `graceSeconds` are used by src/kube/no-space.ts and the model of a kubelet',
      untested: structure,
    },
    {
      number: 23,
      what: 'Checksums of the journal that nothing read',
      answer: 'Reading a journal checks every record.',
    },
    {
      number: 24,
      what: 'Three stand-ins for an API server',
      answer:
        'Two are left, for two purposes: src/model/apiserver, and src/testing/fake-api.ts, whose tests play the controllers themselves',
      untested: structure,
    },
    {
      number: 25,
      what: 'Two functions `createOwn` of opposite meaning',
      answer:
        'Gone: `createOwn` takes what this run created (src/steps/fill/own-objects.ts), `createNew` refuses what is there (src/targets/remote/fleet/create-new.ts)',
      untested: structure,
    },
    {
      number: 26,
      what: 'Things written twice, fixtures beside statistics',
      answer:
        'Gone: flags are written by src/targets/local/arguments/flags.ts alone, bounded work by src/base/at-once.ts; fixtures are in src/testing/',
      untested: structure,
    },
    {
      number: 27,
      what: 'Casts, since `tuning` was above `plan`',
      answer: 'Gone: `tuning` is below `plan` (scripts/rooms.ts)',
      untested: structure,
    },
    {
      number: 28,
      what: 'Names were parsed out of ids',
      answer: 'Gone: whoever needs an arm’s name is given it (`OpenOptions` in src/targets/target.ts)',
      untested: structure,
    },
    { number: 29, what: 'The outline repeated the steps', answer: 'Both follow one itinerary; a test compares them.' },
    {
      number: 30,
      what: 'Code in rooms where it does not belong',
      answer:
        'Gone: reports judge nothing (src/steps/*/outcome.ts does), src/record/this-machine.ts reads /proc, sizing of etcd is in src/fleet/. src/run/cleanup-clusters.ts stays, as it cleans up fleets and fills',
      untested: structure,
    },
    {
      number: 31,
      what: '`arms[].profile` held the name of the arm',
      answer: 'Results have both; old ones are upgraded.',
    },
    {
      number: 32,
      what: 'Five fields of `RunContext` varied together',
      answer: 'Gone: they are one `Host` (src/run/host.ts)',
      untested: structure,
    },
    {
      number: 33,
      what: 'The stops were listed twice',
      answer: 'Gone: the schema takes them from `stopOrder` (src/plan/stops.ts)',
      untested: structure,
    },
    {
      number: 34,
      what: 'Three types `Reach`',
      answer: 'Gone: src/targets/remote/reach.ts has the only one that is exported',
      untested: structure,
    },
    {
      number: 35,
      what: 'Names of arms without a limit became labels',
      answer: "They have Kubernetes' form, with room for the repetition.",
    },
    {
      number: 36,
      what: 'Invariants held when they looked at nothing',
      answer: 'An invariant that checked nothing counts as broken.',
    },
    { number: 37, what: 'Trials did not ask for recovery', answer: 'Every trial ends with one.' },
    { number: 38, what: 'The modelled kubelet had no tests of its own', answer: 'It has.' },
    {
      number: 39,
      what: 'Stale instructions',
      answer: 'Every command of the how-to for remote clusters is run by its test.',
    },
    {
      number: 40,
      what: 'Comments cited pages that are not in the repository',
      answer: 'Every page that a comment names is there.',
    },
  ],
}
