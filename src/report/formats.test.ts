import { describe, expect, it } from 'vitest'
import type { Result } from '../result/result.ts'
import { exactly } from '../result/sample.ts'
import { sampleResult } from '../testing/results.ts'
import type { Comparison, Figure } from './comparison.ts'
import { compare } from './comparison.ts'
import { renderCsv } from './csv.ts'
import { formatLatency, formatRate } from './format.ts'
import { renderHtml } from './html.ts'
import { renderJunit } from './junit.ts'
import { renderMarkdown } from './markdown.ts'
import type { StepView } from './step-view.ts'
import { runsOf } from './step-view.ts'
import { renderSummary } from './summary.ts'
import { viewOf } from './view.ts'
import { whatIfViewOf } from './what-if.ts'
import { renderWhatIfHtml } from './what-if-html.ts'
import { renderWhatIf } from './what-if-text.ts'

/** What a step of a kind that no format has ever heard of may find. */
interface Storm {
  settledMs: number | null
  eventsPerSecond: number
  dropped: number
}

const figures: readonly Figure<Storm>[] = [
  {
    name: 'settled',
    label: 'settled',
    inFull: 'storm settled',
    meaning: 'no event for a second',
    unit: 'ms',
    format: formatLatency,
    bound: '≤',
    importance: 'headline',
    read: ({ settledMs }) => exactly(settledMs),
    cause: (before, after) => (after.dropped > (before?.dropped ?? 0) ? 'events were sent again' : undefined),
    binding: () => ({ boundBy: 'broadcaster/queue', words: 'the broadcaster’s queue' }),
  },
  {
    name: 'events',
    label: 'events',
    meaning: 'at the peak',
    unit: 'per second',
    format: formatRate,
    bound: '≥',
    importance: 'table',
    read: ({ eventsPerSecond }) => exactly(eventsPerSecond),
  },
]

/** A view of such a kind, whose outcomes are looked up by the arm and its repetition. */
function stormView(outcomes: Record<string, Storm>): StepView {
  return {
    kind: 'storm',
    reportsOf(context) {
      const runs = runsOf(context, ({ name, repetition }) =>
        [outcomes[`${name} ${repetition}`]].filter((outcome) => outcome !== undefined),
      )
      const { rows, typical } = compare({ ...context, name: 'storm', runs, figures, decisive: ([first]) => first })
      const comparison: Comparison = {
        kind: 'comparison',
        title: 'storm of events',
        caption: `Median over the repetitions, ${context.evidence}`,
        head: 'Figure',
        conditions: 'in one namespace',
        rows,
      }
      return [
        {
          order: 1,
          name: 'storm',
          title: 'storm of events',
          runs: runs.map(({ arm, label, repetition, outcome: { settledMs, dropped } }) => ({
            arm,
            label,
            repetition,
            name: 'storm',
            phase: 'storm',
            conditions: { machineBusy: 0.4, eventLoopDelayMaxMs: 12, notRead: [] },
            doubts: dropped > 0 ? [{ severity: 'warn', title: 'Events were dropped', text: `${dropped} of them` }] : [],
            test: {
              durationMs: settledMs ?? 0,
              output: `${dropped} dropped`,
              ...(settledMs === null && { error: 'never settled' }),
            },
          })),
          figures: comparison,
          sections: [
            { part: 'figures', title: 'Comparison', blocks: [comparison] },
            {
              part: 'curves',
              title: 'Over time',
              blocks: [
                {
                  kind: 'drawing',
                  title: `Events (${context.evidence})`,
                  legend: typical.map(({ arm, label }) => ({ text: label, arm })),
                  description: 'up and down',
                  height: 200,
                  xName: 'seconds since the storm began',
                  yName: 'events',
                  lines: typical.map(({ arm }) => ({
                    arm,
                    curve: [
                      [0, 1],
                      [1000, 5],
                    ],
                  })),
                },
              ],
            },
            {
              part: 'details',
              title: 'Where the events came from',
              blocks: [
                { kind: 'heading', text: 'Sources', brief: true },
                {
                  kind: 'table',
                  brief: true,
                  caption: 'Events by source',
                  columns: [{ title: 'Source' }, { title: 'dropped', of: 'figures' }],
                  groups: [{ rows: typical.map(({ outcome }) => ['kubelet', String(outcome.dropped)]) }],
                },
                {
                  kind: 'table',
                  isSpanning: true,
                  caption: 'Events by namespace',
                  columns: [{ title: 'Namespace' }, { title: 'Arm' }],
                  groups: [{ rows: typical.map(({ arm, label }) => ['kube.system', { text: label, arm }]) }],
                },
                { kind: 'fold', title: 'Small print', blocks: [{ kind: 'paragraph', text: 'None of it matters.' }] },
              ],
            },
          ],
          reasons: typical.map(({ label }) => `${label}: waited for the queue`),
          floors: [{ limiter: 'broadcaster/queue', ms: context.armNames.map(() => 3) }],
          tests: { group: 'storms', name: 'storm of events' },
        },
      ]
    },
  }
}

const calm = { settledMs: 40, eventsPerSecond: 120, dropped: 0 }
const wild = { settledMs: 400, eventsPerSecond: 80, dropped: 7 }
const outcomes = { 'untuned 1': calm, 'untuned 2': calm, 'tuned 1': wild }

/** What reports show of a result whose second arm has one run that settled, and one that never got there. */
function stormy(changes: Partial<Result> = {}) {
  const result = sampleResult({ reference: null, thresholds: [], ...changes })
  return viewOf(result, [stormView(outcomes)])
}

function textOf(html: string): string {
  return html
    .replaceAll(/<svg.*?<\/svg>/gs, ' [drawing] ')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ')
}

describe('a kind of step that no format knows', () => {
  it('should be on the page with its figures, charts, tables and doubts', () => {
    const text = textOf(renderHtml(stormy()))
    expect(text).toContain(
      'Comparison Median over the repetitions, measured Figure measured untuned tuned tuned against untuned',
    )
    expect(text).toContain('storm of events in one namespace settled no event for a second 40 ms 40 ms, n = 2')
    expect(text).toContain('400 ms 10.0× slower events at the peak 120/s')
    expect(text).toMatch(/Over time Events \(measured\) untuned #1 tuned #1 \[drawing\]/)
    expect(text).toContain('Where the events came from Sources Events by source Source dropped kubelet 0 kubelet 7')
    expect(text).toContain('Events by namespace Namespace Arm kube. system untuned #1 tuned #1')
    expect(text).toContain('Small print None of it matters.')
    expect(text).toContain('Events were dropped tuned #1: 7 of them')
    expect(text).toContain('storm of events untuned #1 40 % 12 ms — — — untuned #2')
  })

  it('should be told in brief in Markdown', () => {
    const markdown = renderMarkdown(stormy())
    expect(markdown).toContain(
      '### storm of events (measured)\n\nin one namespace\n\n| Figure (measured) | untuned | tuned |',
    )
    expect(markdown).toContain('| settled | 40 ms (40 ms, n = 2) | 400 ms | 10.0× slower |')
    expect(markdown).toContain('| events | 120/s (120/s, n = 2) | 80.0/s | — |')
    expect(markdown).toContain('### Sources (measured)\n\nEvents by source\n\n| Source | dropped |')
    expect(markdown).toContain('- storm of events, untuned #\u20601: waited for the queue')
    expect(markdown).not.toMatch(/Small print|up and down/)
  })

  it('should be in the summary with what matters most, and within 80 columns', () => {
    const summary = renderSummary(stormy(), {})
    expect(summary).toContain(`
storm of events (measured)           untuned        tuned                  ratio
  settled                              40 ms       400 ms           10.0× slower
`)
    expect(summary).not.toContain('  events')
    expect(Math.max(...summary.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(80)
  })

  it('should be a test case of every arm, skipped where it did not run', () => {
    const junit = renderJunit(stormy())
    expect(junit).toMatch(/\.storms" name="untuned #1: storm of events" time="0.040">\s*<system-out>0 dropped</)
    expect(junit).toMatch(
      /\.storms" name="tuned #2: storm of events" time="0.000">\s*<skipped message="not run, arm complete"/,
    )
    const never = viewOf(sampleResult(), [stormView({ 'tuned 1': { ...wild, settledMs: null } })])
    expect(renderJunit(never)).toMatch(
      /name="tuned #1: storm of events" time="0.000">\s*<error type="no-data" message="never settled"/,
    )
  })

  it('should be judged worse, with what it says of the cause', () => {
    expect(stormy().verdict).toBe('pass, with 1 figure worse (measured)')
    expect(renderSummary(stormy(), {})).toContain(
      '  tuned storm settled: 40 ms → 400 ms, 10.0× slower; events were sent again',
    )
  })

  it('should be charted by a what-if, with what bounds it', () => {
    const values = ['untuned', 'tuned'].map((arm, index) => ({ value: index, arm }))
    const whatIf = whatIfViewOf(stormy({ whatIf: { varied: 'storm.size', basedOn: 'tuned', values } }))
    if (whatIf === null) throw new Error('it varies something')
    expect(renderWhatIf(whatIf, {}).replaceAll(/ +/g, ' ')).toContain(
      'storm settled bound by the broadcaster’s queue; 40 ms to 400 ms',
    )
    expect(renderWhatIfHtml(whatIf)).toContain('broadcaster floor')
  })

  it('should have every figure of every repetition in a line of comma-separated values', () => {
    expect(renderCsv(stormy({ evidence: 'simulated' })).split('\r\n')).toEqual([
      'step,figure,arm,repetition,value,unit,bound,hindrance,evidence,pair_ratio,ratio,ratio_low,ratio_high,difference',
      'storm,settled,untuned,1,40,ms,,,simulated,,,,,',
      'storm,settled,untuned,2,40,ms,,,simulated,,,,,',
      'storm,settled,tuned,1,400,ms,,,simulated,10,10,,,one-run',
      'storm,events,untuned,1,120,per second,,,simulated,,,,,',
      'storm,events,untuned,2,120,per second,,,simulated,,,,,',
      'storm,events,tuned,1,80,per second,,,simulated,,,,,',
      '',
    ])
  })
})

describe('figures as comma-separated values', () => {
  it('should mark bounds, leave out what was not reached, and quote what would break a line', () => {
    const result = sampleResult({ arms: sampleResult().arms.slice(0, 2) })
    for (const arm of result.arms) arm.name = `a "b", ${arm.name}`
    const [untuned = '', tuned = ''] = result.arms.map(({ name }) => `${name} 1`)
    const view = viewOf(result, [stormView({ [untuned]: { ...calm, settledMs: null }, [tuned]: calm })])
    const [row] = view.steps.flatMap(({ figures: { rows } }) => rows)
    if (row?.kind !== 'figure') throw new Error('the first row is of times')
    for (const { reading } of row.cells[1]?.readings ?? []) Object.assign(reading, { hindrance: 'machine-bound' })
    expect(renderCsv(view).split('\r\n').slice(1, 3)).toEqual([
      'storm,settled,"a ""b"", untuned",1,,ms,,not-reached,measured,,,,,',
      'storm,settled,"a ""b"", tuned",1,40,ms,≤,machine-bound,measured,,,,,not-comparable',
    ])
  })
})
