import type { SchemaProblem } from '../base/schema-problems.ts'
import { pathText } from '../base/schema-problems.ts'
import { durationMs } from './scalars.ts'

/** Fields that plans had once, and what to write instead of one with this value. */
const formerFields: Readonly<Record<string, (value: unknown) => string>> = {
  'fleet.node.containerStartDelay': (value) => {
    const time = durationMs.safeParse(value).success ? value : '500ms'
    return `replaced by fleet.node.containerStarts.time; write containerStarts: { time: ${time} }`
  },
}

/** The same mistakes; where one is a field that plans had once, it says what took its place. `plan` is the whole plan. */
export function withFormerFields(problems: readonly SchemaProblem[], plan: unknown): SchemaProblem[] {
  return problems.map((problem) => {
    if (problem.key === undefined) return problem
    const path = [...problem.path, problem.key]
    const instead = formerFields[pathText(path)]
    return instead === undefined ? problem : { ...problem, message: instead(valueAt(plan, path)) }
  })
}

function valueAt(value: unknown, path: SchemaProblem['path']): unknown {
  return path.reduce<unknown>(
    (map, key) =>
      typeof map === 'object' && map !== null ? (map as Record<string | number, unknown>)[key] : undefined,
    value,
  )
}
