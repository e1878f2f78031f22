import type { Catalogue } from './rows.ts'

/** What can go wrong around a run. */
export const faults: Catalogue = {
  tag: 'fault',
  title: 'Faults',
  introduction: 'What can go wrong around a run, and how the run ends.',
  headings: ['what happens', 'what scale-test does'],
  rows: [
    {
      number: 1,
      what: 'The API server throttles requests (429)',
      answer:
        'Waits as long as `Retry-After` says, and up to half as much again; the report shows the time spent waiting.',
    },
    {
      number: 2,
      what: 'A storm of 5xx answers, or refused connections',
      answer: 'Tries again with growing, bounded waits. If that does not help in time, the run ends and cleans up.',
      exit: '4, 5',
    },
    {
      number: 3,
      what: 'An object was created, but the answer was lost',
      answer: 'Reads the object, and takes it for its own only if it carries the label of this run.',
    },
    {
      number: 4,
      what: 'An update conflicts with another one',
      answer: 'Reads the object again and repeats the update, a limited number of times.',
    },
    {
      number: 5,
      what: 'Credentials expire',
      answer:
        'Refuses credentials that end before the run does; reads them again when the server no longer accepts them.',
      exit: '3',
    },
    {
      number: 6,
      what: 'A right is missing (403)',
      answer: 'Asks for every right beforehand, deleting included, and names all that are missing.',
      exit: '3',
    },
    {
      number: 7,
      what: 'A watch is too old (410)',
      answer: 'Lists again; what happened meanwhile is known only as an interval, and is reported as one.',
    },
    {
      number: 8,
      what: 'A watch ends, breaks off, or sends damaged data',
      answer: 'Resumes from the last version seen.',
    },
    {
      number: 9,
      what: 'A watch goes silent',
      answer: 'Takes the stream for dead when not even bookmarks come, and opens another one.',
    },
    {
      number: 10,
      what: 'A watch is refused while storage is initialized (429)',
      answer: 'Waits longer and longer, and tries again.',
    },
    {
      number: 11,
      what: 'etcd runs out of space',
      answer: 'Ends the arm at the first refused write and names the knob. Nothing is compacted or defragmented.',
      exit: '4, 5, 6',
    },
    {
      number: 12,
      what: 'A quota or a webhook denies an object',
      answer: 'Fails at once, and quotes the reason.',
      exit: '5',
    },
    {
      number: 13,
      what: 'A namespace stays Terminating',
      answer:
        'Waits for as long as its budget allows, shows what the namespace says of itself, and never removes finalizers.',
      exit: '6',
    },
    {
      number: 14,
      what: 'A namespace was deleted and created again by somebody else',
      answer: 'Leaves it alone: it deletes by UID.',
    },
    {
      number: 15,
      what: 'The name of an object is taken',
      answer: 'Refuses, and says whose it is.',
      exit: '3',
    },
    {
      number: 16,
      what: 'The cluster is another one than the plan means, or looks like production',
      answer:
        "Compares the clusters' UIDs before every arm and before cleaning up; a production-like name has to be typed.",
      exit: '3',
    },
    {
      number: 17,
      what: 'A second run wants the same cluster',
      answer: 'Refuses it, and names the holder of the Lease.',
      exit: '3',
    },
    {
      number: 18,
      what: 'Ctrl-C, once or twice',
      answer:
        'Once: stops, keeps what was measured, cleans up and restores. Twice: leaves at once and prints the commands to resume and to clean up.',
      exit: '130, 143',
    },
    {
      number: 19,
      what: 'The orchestrator is killed, at any moment',
      answer: '`resume` goes on from any record of the journal: nothing is created twice, no finished arm is lost.',
    },
    {
      number: 20,
      what: 'The journal is torn or damaged',
      answer: 'Cuts off a torn last record; refuses damage anywhere else.',
      exit: '3',
    },
    {
      number: 21,
      what: 'The disk is full, at any write',
      answer: 'Ends the run in good order, prints its figures, and leaves no partial file.',
      exit: '5',
    },
    {
      number: 22,
      what: 'The clock jumps by an hour',
      answer: 'Durations stay right: they come from a monotonic clock.',
    },
    {
      number: 23,
      what: 'The orchestrator stalls for more than a second while it measures',
      answer: 'The run is inconclusive and says for how long it stalled.',
      exit: '4',
    },
    {
      number: 24,
      what: 'A cluster of 50,000 objects',
      answer: 'Lists come page by page, and little is kept of each object.',
    },
    {
      number: 25,
      what: 'Nodes are not Ready',
      answer: 'Waits for every node before it measures. A node that stays away later makes the run inconclusive.',
      exit: '4',
    },
    {
      number: 26,
      what: 'Pods are evicted, do not fit, or come back under the same name',
      answer: 'Counts pods by UID, and accounts for each of them.',
      exit: '4',
    },
    {
      number: 27,
      what: 'A host cannot be reached',
      answer:
        '`tune apply` changes nothing if a host cannot be reached beforehand. If one goes in the middle, it stops, rolls the others back and names the one left.',
      exit: '5, 6',
    },
    {
      number: 28,
      what: "A host's key is unknown or has changed",
      answer: 'Refuses, before anything is changed.',
      exit: '3',
    },
    {
      number: 29,
      what: 'A setting was changed, and has to be put back',
      answer:
        '`tune rollback` restores every byte, but leaves alone what was right already, and what somebody else has changed since. In a run, the program that restores runs also if the change failed halfway, was interrupted, or the session was killed.',
      exit: '6',
    },
    {
      number: 30,
      what: 'A component does not become healthy after a change',
      answer:
        '`tune apply` restores that host, then all changed before it. In a run, an API server that does not come back fails the arm, and the settings are restored.',
      exit: '5',
    },
    {
      number: 31,
      what: 'A host was rebooted in between',
      answer: 'Restores files, and restarts nothing.',
    },
    {
      number: 32,
      what: 'Settings are restored twice',
      answer:
        'The second time, `tune rollback` finds nothing to do. In a run, the program that restores may run once more after a killed session.',
    },
    {
      number: 33,
      what: "A host's shell asks for a password, is noisy, or its disk is read-only",
      answer: 'Fails before anything is changed; what a noisy shell prints does not matter.',
      exit: '3',
    },
    {
      number: 34,
      what: 'Mistakes in YAML: duplicate or unknown keys, missing units, alias bombs, NaN',
      answer: 'Reports all of them at once, with line and column, and contacts nobody.',
      exit: '2',
    },
    {
      number: 35,
      what: 'A threshold has no samples',
      answer: 'It is inconclusive, never met.',
      exit: '4',
    },
    {
      number: 36,
      what: 'The terminal closes (SIGHUP), or SIGQUIT comes',
      answer: 'Ends the run as Ctrl-C does.',
      exit: '143',
    },
    {
      number: 37,
      what: "A run's folder disappears or becomes read-only while the run goes on",
      answer: 'Ends the run in good order, prints its figures and names the folder.',
      exit: '5',
    },
    {
      number: 38,
      what: 'The orchestrator is stopped and continued (SIGSTOP, a sleeping laptop)',
      answer:
        'Says for how long it stood still and does not trust that step. On a remote cluster it writes nothing before it knows that the Lease is still its own.',
      exit: '4',
    },
    {
      number: 39,
      what: 'A component stands still, is slow, or dies',
      answer:
        'Names it with its last words, or shows it as a symptom. A dead hollow node makes the arm inconclusive; a dead control plane ends the run.',
      exit: '4, 5',
    },
    {
      number: 40,
      what: 'The orchestrator runs out of memory',
      answer:
        'Refuses a simulation that would not fit. If the kernel or Node ends the run all the same, nothing that it started keeps running.',
      exit: '5, 134, 137',
    },
    {
      number: 41,
      what: 'A bug',
      answer: 'Stops the run, cleans up, and asks for a report.',
      exit: '70',
    },
    {
      number: 42,
      what: 'Something takes longer to go than expected',
      answer:
        'Budgets grow with the size of the fleet, and what seems to be left is looked at again before it is reported.',
      exit: '6',
    },
    {
      number: 43,
      what: 'The orchestrator is killed again and again, at random moments',
      answer: 'After each `resume` or `cleanup`, everything is as it was before the run (`make soak`).',
    },
    {
      number: 44,
      what: 'Credentials, in whatever form a kubeconfig has them',
      answer: 'They appear in no file, message or argument list.',
    },
    {
      number: 45,
      what: 'Damaged input of any kind',
      answer: 'It is refused with its place, in bounded time and memory; it never crashes the program.',
      exit: '2',
    },
    {
      number: 46,
      what: 'The same run is started several times at once, or again',
      answer: 'Each builds its folder beside the others; a finished report is replaced only by a whole one.',
    },
    {
      number: 47,
      what: 'An arm fails, and its cluster is to be looked at',
      answer: '`--keep` leaves it, with the commands to look at it and to remove it.',
      exit: '4, 5',
    },
  ],
}
