import { join } from 'node:path'
import { z } from 'zod'
import { Failure } from '../base/errors.ts'
import { kindOf, readTextFile } from '../base/files.ts'
import { formatBytes } from '../base/quantity.ts'
import type { Plan } from '../plan/plan.ts'
import type { Comparison } from '../run/context.ts'
import type { JournalRecord } from '../run/journal.ts'
import { digestOf } from './digest.ts'
import type { RunOn } from './targets.ts'

/*
 * What a run has to know of itself to go on after it was killed: the first record of its journal, and its plan beside that. It holds no
 * secrets: kubeconfigs are named, not copied.
 */

/** As this program wrote it: the record of another program is refused before it is used. */
const plan = z.custom<Plan>((value) => typeof value === 'object' && value !== null)

const headSchema = z.object({
  type: z.literal('run-begun'),
  schema: z.literal(1),
  run: z.string(),
  target: z.enum(['sim', 'local', 'remote']),
  /** Null for a simulation. */
  startedAt: z.string().nullable(),
  /** What has to be the same for all arms: another program, other components or another machine give other figures. */
  program: z.string(),
  components: z.array(z.string()),
  calibration: z.string().nullable(),
  machine: z.object({ cores: z.number(), memoryBytes: z.number(), system: z.string() }).nullable(),
  /** SHA-256 of plan.json. */
  planDigest: z.string(),
  whatIf: z
    .object({
      record: z.custom<Comparison['record']>((value) => typeof value === 'object' && value !== null),
      plans: z.array(z.tuple([z.string(), plan])),
    })
    .optional(),
  /** What was said on the command line of the run, and holds for the rest of it. */
  options: z.object({
    calibration: z.string().optional(),
    confirm: z.array(z.string()).optional(),
    allowInsecure: z.array(z.string()).optional(),
  }),
  /** The command that measures what this run simulates. */
  measure: z.string().optional(),
})
export type RunHead = z.infer<typeof headSchema>

const planFile = 'plan.json'

/** The text of plan.json. */
export function planText(planned: object): string {
  return `${JSON.stringify(planned, null, 2)}\n`
}

/** The head of a run that begins. */
export function headOf(
  planned: Plan,
  { runId, target, host, origin, options }: Pick<RunOn, 'runId' | 'target' | 'host' | 'origin' | 'options'>,
  { whatIf, measure }: { whatIf?: Comparison | undefined; measure: string | undefined },
): RunHead {
  return {
    type: 'run-begun',
    schema: 1,
    run: runId,
    target: target.name,
    startedAt: host.startedAt,
    ...origin,
    machine: host.machine,
    planDigest: digestOf(planText(planned)),
    ...(whatIf !== undefined && { whatIf: { record: whatIf.record, plans: [...whatIf.plans] } }),
    options,
    ...(measure !== undefined && { measure }),
  }
}

/** The head in a run's journal. Throws `Failure('bad-input')` for a run that was killed before it began, or that another version began. */
export function headIn([first]: readonly JournalRecord[], run: string): RunHead {
  if (first === undefined)
    throw new Failure('bad-input', `${run} was killed before it started anything`, { next: 'Run the plan again' })
  const head = headSchema.safeParse(first)
  if (head.success) return head.data
  throw new Failure('bad-input', `${run} was started by another version of scale-test, and this one cannot resume it`, {
    next: 'Use the version that started it, or run the plan again',
  })
}

/** The plan that a run began with, as it was resolved then. Throws `Failure('safety-refusal')` where it was changed. */
export function planOf({ planDigest, run }: RunHead, folder: string): Plan {
  const file = join(folder, planFile)
  const text = kindOf(file) === undefined ? '' : readTextFile(file)
  if (digestOf(text) !== planDigest)
    throw new Failure('safety-refusal', `plan.json of ${run} has changed since the run began`, {
      next: 'Restore it, or run the plan again',
    })
  return plan.parse(JSON.parse(text))
}

/** Memory differs by a little from one start of a machine to the next. */
const sameMemoryWithin = 0.02

/** What would make the arms to come unlike those that are done, a sentence each. */
export function differencesBetween(begun: RunHead, now: RunHead): string[] {
  const differs = (what: string, one: string, other: string) =>
    one === other ? [] : [`${what}: ${one} then, ${other} now`]
  const machines = (one: RunHead['machine'], other: RunHead['machine']) => {
    if (one === null || other === null) return []
    const change = Math.abs(one.memoryBytes - other.memoryBytes) / one.memoryBytes
    return [
      ...differs('processors', String(one.cores), String(other.cores)),
      ...differs('system', one.system, other.system),
      ...(change > sameMemoryWithin
        ? differs('memory', formatBytes(one.memoryBytes), formatBytes(other.memoryBytes))
        : []),
    ]
  }
  return [
    ...differs('run', begun.run, now.run),
    ...differs('program', begun.program, now.program),
    ...differs('components', begun.components.join(', '), now.components.join(', ')),
    ...(begun.calibration === now.calibration ? [] : ['the calibration is different']),
    ...machines(begun.machine, now.machine),
  ]
}
