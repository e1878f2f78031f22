import { formatDuration } from '../base/duration.ts'
import type { ArmOutcome, KnobOutcome, ProbeOutcome } from '../result/result.ts'
import { isMachineBound } from '../result/result.ts'
import { formatCount, formatShare, plural } from './format.ts'
import { armLabel } from './labels.ts'

/** One kind of thing that lessens trust in the figures, and everywhere it happened. */
export interface Caveat {
  severity: 'bad' | 'warn'
  title: string
  places: string[]
}

/** Looks for everything in the arms that a reader of the figures has to know. */
export function caveatsOf(arms: ArmOutcome[]): Caveat[] {
  const perArm = (say: (arm: ArmOutcome) => string[]): string[] =>
    arms.flatMap((arm) => say(arm).map((text) => `${armLabel(arm)}: ${text}`))
  const perProbe = (say: (probe: ProbeOutcome) => string | false | undefined): string[] =>
    perArm((arm) =>
      arm.probes.flatMap((probe) => {
        const text = say(probe)
        return text ? [`${probe.name}, ${text}`] : []
      }),
    )
  const knobs = (status: KnobOutcome['status']): string[] =>
    perArm((arm) => {
      const ids = arm.knobs.filter((knob) => knob.status === status).map((knob) => knob.id)
      return ids.length === 0 ? [] : [ids.join(', ')]
    })
  const caveats: Caveat[] = [
    { severity: 'bad', title: 'Left behind or not restored', places: perArm((arm) => arm.residue) },
    {
      severity: 'bad',
      title: 'Arms that did not complete',
      places: perArm((arm) => (arm.outcome === 'complete' ? [] : [arm.error ?? arm.outcome])),
    },
    {
      severity: 'bad',
      title: 'Machine-bound: the machine itself was the limit, timings are not comparable',
      places: perProbe((probe) => isMachineBound(probe) && `processors ${formatShare(probe.machineBusy ?? 0)} busy`),
    },
    { severity: 'bad', title: 'Knobs that run with another value than requested', places: knobs('differs') },
    { severity: 'warn', title: 'Knobs that could not be read back', places: knobs('unverified') },
    {
      severity: 'warn',
      title: 'Pods beyond the expected ones (replacements, evictions)',
      places: perProbe(({ pods }) => pods.unexpected > 0 && plural(pods.unexpected, 'pod')),
    },
    {
      severity: 'warn',
      title: 'Seen late, because the apiserver closed a watch under load',
      places: perProbe(
        ({ pods }) =>
          pods.censored > 0 &&
          `${plural(pods.censored, 'transition')}, each by at most ${formatDuration(pods.censoredWithinMs)}`,
      ),
    },
    {
      severity: 'warn',
      title: 'Requests of the orchestrator that were refused or lost and tried again',
      places: perProbe(
        ({ clientRetries: { count, waitedMs } }) =>
          count > 0 && `tried again ${formatCount(count)} times, ${formatDuration(waitedMs)} of waiting`,
      ),
    },
    {
      severity: 'warn',
      title: 'Stops that may have come earlier than their figure',
      places: perProbe(({ stopsVagueByMs }) => {
        const vague = Object.entries(stopsVagueByMs)
        return vague.length > 0 && vague.map(([stop, byMs]) => `${stop} by at most ${formatDuration(byMs)}`).join(', ')
      }),
    },
  ]
  return caveats.filter((caveat) => caveat.places.length > 0)
}
