import { withoutKnownSecrets } from './known-secrets.ts'

/**
 * What can go wrong without being a bug. The kind decides the exit status, by which pipelines tell one end from another, and whether a
 * run goes on with its next arm (`endsRun`).
 */
export const failureKinds = [
  'bad-input',
  'safety-refusal',
  /** What was to be measured cannot be told. */
  'inconclusive',
  /** So is everything that was still to come: what the run held may be another's by now. */
  'lost',
  'infrastructure',
  'residue',
  'interrupted',
] as const
export type FailureKind = (typeof failureKinds)[number]

/** Exit status of the process; 130 and 143 are chosen by the signal that interrupted the run. */
export const exitCodes = {
  pass: 0,
  thresholdMissed: 1,
  'bad-input': 2,
  'safety-refusal': 3,
  inconclusive: 4,
  lost: 4,
  infrastructure: 5,
  residue: 6,
  bug: 70,
  interrupted: 130,
  terminated: 143,
} as const

/** One thing that is wrong with a file, where it is. */
export interface Mistake {
  file: string
  /** From 1; undefined where the file as a whole is meant. */
  line: number | undefined
  message: string
}

/** An expected failure: what happened, where, and what the reader can do next. */
export class Failure extends Error {
  override readonly name = 'Failure'
  readonly kind: FailureKind
  /** One or more lines: the command to run or the file to change. */
  readonly next: string | undefined
  /** What is wrong with files that somebody wrote, each by itself; the message has it all. */
  readonly mistakes: readonly Mistake[]

  constructor(
    kind: FailureKind,
    what: string,
    options: { next?: string; cause?: unknown; mistakes?: readonly Mistake[] } = {},
  ) {
    // Before anybody cuts or wraps it: half a secret is not found any more.
    super(withoutKnownSecrets(what), options.cause === undefined ? undefined : { cause: options.cause })
    this.kind = kind
    this.next = options.next
    this.mistakes = options.mistakes ?? []
  }
}

/** The message of anything that was thrown, without its stack, and without secrets that this process knows. */
export function messageOf(error: unknown): string {
  return withoutKnownSecrets(error instanceof Error ? error.message : String(error))
}
