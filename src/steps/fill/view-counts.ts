import { formatCount } from '../../base/count.ts'
import type { TextRow } from '../../report/comparison.ts'
import { formatShare, none, orNone } from '../../report/format.ts'
import type { Block, Cell, Table } from '../../report/section.ts'
import { isMachineBound } from '../../result/parts.ts'
import type { FillOutcome } from './outcome.ts'
import { lacksOf } from './outcome.ts'
import type { FillRun } from './view-run.ts'

/** What of each arm's typical fill was counted, in a line each, and how busy its machine was where that was too busy to compare. */
export function countRows(
  runs: readonly FillRun[],
  typical: readonly FillRun[],
  armNames: readonly string[],
): TextRow[] {
  const counted = (label: string, count: (fill: FillOutcome) => Count): TextRow => ({
    kind: 'text',
    label,
    cells: armNames.map((arm) => {
      const run = typical.find((one) => one.arm === arm)
      if (run === undefined) return { arm, text: none, isBad: false }
      const { found, expected } = count(run.outcome)
      // Without commas where both are said, so that 40000 of them fit a column of a terminal.
      return found === expected
        ? { arm, text: formatCount(found), isBad: false }
        : { arm, text: `${found}/${expected}`, isBad: true }
    }),
  })
  return [
    counted('pods Ready', ({ pods }) => ({ found: pods.ready, expected: pods.expected })),
    counted('config objects', configObjects),
    ...machineRow(runs, armNames),
  ]
}

interface Count {
  found: number
  expected: number
}

/** Configmaps and secrets of the workload, those that are there for their weight left out. */
function configObjects({ objects }: FillOutcome): Count {
  const kinds = [objects['configmaps'], objects['secrets']].flatMap((kind) => kind ?? [])
  return {
    expected: kinds.reduce((sum, { expected }) => sum + expected, 0),
    found: kinds.reduce((sum, { observed }) => sum + observed, 0),
  }
}

function machineRow(runs: readonly FillRun[], armNames: readonly string[]): TextRow[] {
  const cells = armNames.map((arm) => {
    const shares = runs.filter((run) => run.arm === arm).flatMap(({ outcome }) => outcome.machineBusy ?? [])
    const machineBusy = shares.length === 0 ? null : Math.max(...shares)
    const share = orNone(machineBusy, formatShare)
    const isBad = isMachineBound({ machineBusy })
    return { arm, text: isBad ? `bound, ${share}` : share, isBad }
  })
  return cells.some(({ isBad }) => isBad) ? [{ kind: 'text', label: 'machine', cells }] : []
}

/** Everything counted; folded away when everything is there: then the line says all. */
export function countBlock(runs: readonly FillRun[], typical: readonly FillRun[], evidence: string): Block[] {
  const counted = countTable(runs, evidence)
  if (runs.some(({ outcome }) => lacksOf(outcome).length > 0))
    return [{ kind: 'heading', text: 'Something is missing' }, counted]
  const totals = typical.slice(0, 1).map(({ outcome: { pods, objects } }) => {
    const others = Object.entries(objects).filter(([resource]) => resource !== 'pods')
    const count = others.reduce((sum, [, { observed }]) => sum + observed, 0)
    return `${formatCount(pods.ready)} pods Ready and ${formatCount(count)} other objects`
  })
  const everywhere = runs.length > 1 ? ' in every arm' : ''
  return [{ kind: 'fold', title: `Nothing is missing: ${totals.join()}${everywhere}`, blocks: [counted] }]
}

function countTable(runs: readonly FillRun[], evidence: string): Table {
  const resources = [...new Set(runs.flatMap(({ outcome }) => Object.keys(outcome.objects)))]
  const pods = (name: string, count: (pods: FillOutcome['pods']) => number, isExpected = true) =>
    countRow(
      name,
      runs.map(({ outcome }) => ({
        expected: isExpected ? outcome.pods.expected : 0,
        observed: count(outcome.pods),
        failed: 0,
      })),
    )
  return {
    kind: 'table',
    caption: `Pods and objects counted, ${evidence}`,
    columns: [
      { title: 'What' },
      { title: 'expected', of: 'figures' },
      ...runs.map(({ arm, label }) => ({ title: { text: label, arm }, of: 'figures' as const })),
    ],
    groups: [
      {
        title: 'Pods, as the watch saw them',
        rows: [
          pods('created', ({ created }) => created),
          pods('bound', ({ bound }) => bound),
          pods('Ready', ({ ready }) => ready),
          pods('more than expected', ({ unexpected }) => unexpected, false),
        ],
      },
      {
        title: 'Objects, as listed at the end',
        rows: resources.map((name) =>
          countRow(
            name,
            runs.map(({ outcome }) => outcome.objects[name]),
          ),
        ),
      },
    ].filter(({ rows }) => rows.length > 0),
  }
}

/** Of what each run was to have, has, and could not create; undefined where it was not to have any. */
function countRow(name: string, counts: (FillOutcome['objects'][string] | undefined)[]): Cell[] {
  const expected = new Set(counts.flatMap((count) => (count === undefined ? [] : formatCount(count.expected))))
  return [
    name,
    [...expected].join(' / '),
    ...counts.map((count): Cell => {
      if (count === undefined) return none
      const { observed, failed } = count
      const isRight = observed === count.expected && failed === 0
      return {
        text: formatCount(observed),
        ...(failed > 0 && { detail: `${formatCount(failed)} failed` }),
        ...(!isRight && { tone: 'bad' }),
      }
    }),
  ]
}
