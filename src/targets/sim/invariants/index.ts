import { createdOnce } from './created-once.ts'
import { endsInTime } from './ends-in-time.ts'
import { noPassWithoutData } from './no-pass-without-data.ts'
import type { Sample } from './no-sample-lost.ts'
import { noSampleLost } from './no-sample-lost.ts'
import { nothingLeft } from './nothing-left.ts'
import type { RunOutcome } from './outcome.ts'
import type { Witness } from './witness.ts'

/** What must hold of every run, whatever went wrong in its clusters; returns what does not, as sentences. */
export function violationsOf(
  outcome: RunOutcome,
  witnesses: readonly Witness[],
  samplesOf: (armId: string) => readonly Sample[],
): string[] {
  const { arms } = outcome.result
  return [
    ...endsInTime(outcome).map((told) => `ends in time: ${told}`),
    ...noPassWithoutData(outcome.result).map((told) => `no pass without data: ${told}`),
    ...witnesses.flatMap((witness) => {
      const arm = arms.find(({ profile, repetition }) => `${profile}-${repetition}` === witness.armId)
      return [
        ...createdOnce(witness).map((told) => `created once: ${told}`),
        ...(arm === undefined ? [] : nothingLeft(witness, arm)).map((told) => `nothing left: ${told}`),
        ...(arm === undefined ? [] : noSampleLost(witness, arm, samplesOf(witness.armId))).map(
          (told) => `no sample lost: ${told}`,
        ),
      ]
    }),
  ]
}
