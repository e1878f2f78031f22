import { isMachineBound } from '../../src/result/parts.ts'
import type { ArmOutcome, Result } from '../../src/result/result.ts'
import { fillOf } from '../../src/steps/fill/outcome.ts'
import { probesOf } from '../../src/steps/probe/outcome.ts'

/** What the values of a cell are; times are kept in milliseconds and shown in seconds. */
export type CellUnit = 'ms' | 'requests' | 'per second'

/** One figure of an arm, with a value for each repetition that reached it. */
export interface Cell {
  arm: string
  /** `rollout available`, `filled`, `idle PUT`. */
  figure: string
  unit: CellUnit
  values: number[]
  /** Whether the machine had no processor time left in one of them: then it says what the machine did, not what the settings do. */
  machineBound: boolean
}

/** Everything in a result that can be set against another run of the same plan. */
export function cellsOf({ arms }: Pick<Result, 'arms'>): Cell[] {
  const cells = new Map<string, Cell>()
  for (const arm of arms) {
    for (const { figure, unit, value, machineBound } of figuresOf(arm)) {
      if (value === null || value === undefined) continue
      const key = `${arm.name} ${figure}`
      const cell = cells.get(key) ?? { arm: arm.name, figure, unit, values: [], machineBound: false }
      cell.values.push(value)
      cell.machineBound ||= machineBound
      cells.set(key, cell)
    }
  }
  return [...cells.values()]
}

interface Figure {
  figure: string
  unit: CellUnit
  value: number | null | undefined
  machineBound: boolean
}

function figuresOf(arm: ArmOutcome): Figure[] {
  return [
    { figure: 'nodes Ready', unit: 'ms', value: arm.fleet.readyMs, machineBound: false },
    ...fillFigures(arm),
    ...probeFigures(arm),
    ...ratesOf(arm),
  ]
}

function fillFigures(arm: ArmOutcome): Figure[] {
  const fill = fillOf(arm)
  if (fill === null || fill === undefined) return []
  const machineBound = isMachineBound(fill)
  return [
    { figure: 'filled', unit: 'ms', value: fill.durationMs, machineBound },
    ...fill.stages.map(({ name, durationMs }) => ({
      figure: `fill: ${name}`,
      unit: 'ms' as const,
      value: durationMs,
      machineBound,
    })),
  ]
}

/** The stops of each probe, and the requests that its kubelet sent through its client limit. */
function probeFigures(arm: ArmOutcome): Figure[] {
  return probesOf(arm).flatMap((probe): Figure[] => {
    const machineBound = isMachineBound(probe)
    const kubelet = probe.limiters.find(({ client }) => client === 'KubeClient')
    const requests = kubelet && Object.values(kubelet.requests).reduce((sum, count) => sum + count, 0)
    return [
      ...Object.entries(probe.stopsMs).map(
        ([stop, value]): Figure => ({ figure: `${probe.name} ${stop}`, unit: 'ms', value, machineBound }),
      ),
      { figure: `${probe.name} requests`, unit: 'requests', value: requests, machineBound: false },
    ]
  })
}

/** Requests a second by verb, of steps that only watch. */
function ratesOf({ steps }: ArmOutcome): Figure[] {
  return steps
    .filter(({ kind }) => kind === 'observe')
    .flatMap(({ name, series = [] }) =>
      series.flatMap((one): Figure[] =>
        one.name === 'apiserver_requests_per_second' && 'value' in one
          ? [{ figure: `${name} ${one.labels['verb']}`, unit: 'per second', value: one.value, machineBound: false }]
          : [],
      ),
    )
}
