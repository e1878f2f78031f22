import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { symptomRules } from '../../src/measure/symptoms/rules.ts'
import { renderCrossRunHtml } from '../../src/report/cross-run/html.ts'
import { crossRunViewOf } from '../../src/report/cross-run/view.ts'
import { runSummaryOf } from '../../src/report/run-summary.ts'
import { renderRunsIndex } from '../../src/report/runs-index.ts'
import { whatIfViewOf } from '../../src/report/what-if.ts'
import { renderWhatIfHtml } from '../../src/report/what-if-html.ts'
import type { Result } from '../../src/result/result.ts'
import { stepViews } from '../../src/steps/views.ts'
import { filledResult } from '../../src/testing/filled-results.ts'
import { htmlOf, viewFor } from '../../src/testing/reports.ts'
import { sampleResult } from '../../src/testing/results.ts'
import { whatIfResult } from '../../src/testing/what-if-results.ts'
import { describeWithBrowser, openBrowser } from './browser.ts'

/** What somebody might call a plan, an arm or a step to get into a page, and what a server might say. */
const hostile = `<script>window.ran=1</script><img src=x onerror="window.ran=2">"' onload='window.ran=3'--></style></title><svg onload=window.ran=4>`

/** A page that was opened: what it said to the console, what it asked of the network, and what came of the hostile names. */
interface Seen {
  said: string[]
  ran: unknown
  /** Elements that no page of ours has. */
  strange: number
  text: string
}

describeWithBrowser('a page made of hostile names', () => {
  let browser: Browser
  let pages: Record<string, string>

  beforeAll(async () => {
    pages = hostilePages()
    browser = await openBrowser()
  }, 120_000)
  afterAll(() => browser?.close())

  async function seen(html: string): Promise<Seen> {
    const page = await browser.newPage()
    try {
      const said: string[] = []
      page.on('console', (message) => said.push(message.text()))
      page.on('pageerror', (error) => said.push(error.message))
      page.on('request', (request) => said.push(request.url()))
      await page.setContent(html)
      const [ran, strange, text]: [unknown, number, string] = await page.evaluate(
        `[window.ran ?? null, document.querySelectorAll('script, img, iframe, object, form, link, base, [onload], [onerror]').length, document.body.textContent]`,
      )
      return { said, ran, strange, text }
    } finally {
      await page.close()
    }
  }

  it.each(['report', 'report of a fill', 'what-if', 'compare', 'index'])(
    'should show them as text, and do nothing else: %s',
    async (name) => {
      const { text, ...others } = await seen(pages[name] ?? '')
      expect(others).toEqual({ said: [], ran: null, strange: 0 })
      expect(text).toContain(hostile)
    },
  )

  it('should let nothing run, load or be styled that got in all the same', async () => {
    const markup = `<script>window.ran=1</script><p style="position:fixed">x</p><style>p { display: none }</style><img src="https://example.invalid/x"><form action="https://example.invalid"></form>`
    const { said, ran } = await seen((pages['report'] ?? '').replace('</main>', `${markup}</main>`))
    expect(ran).toBeNull()
    const directives = said.flatMap((line) => /"((?:script|style|img|default)-src[^"]*)"/.exec(line)?.[1] ?? [])
    expect(said.filter((line) => /Content Security Policy/.test(line)).length, said.join('\n')).toBeGreaterThanOrEqual(
      4,
    )
    expect(directives.length).toBeGreaterThan(0)
    expect(JSON.stringify(directives)).not.toContain('unsafe')
  })
})

/** Pages of every kind, of results in which everything that has a name, or is told, is called something hostile. */
function hostilePages(): Record<string, string> {
  const results = [withSymptom(sampleResult()), filledResult()].map(withHostileNames)
  const [sample = sampleResult()] = results
  const tried = [5, 50].map((value) => ({ value, availableMs: [300_000 / value], boundBy: 'kubelet/KubeClient' }))
  const whatIf = whatIfViewOf(viewFor(withHostileNames(whatIfResult(tried))))
  if (whatIf === null) throw new Error('no view of a what-if')
  const sides = ['A', 'B'].map((letter) => ({ letter, name: `run-${letter}${hostile}`, result: sample }))
  const listed = results.map((result, index) => ({
    folder: `run-${index}${hostile}`,
    writtenAtMs: index,
    summary: runSummaryOf(viewFor(result)),
  }))
  return {
    report: htmlOf(sample),
    'report of a fill': htmlOf(results[1] ?? sample),
    'what-if': renderWhatIfHtml(whatIf),
    compare: renderCrossRunHtml(crossRunViewOf(sides, { views: stepViews, choice: {} })),
    index: renderRunsIndex([
      ...listed,
      { folder: 'broken', writtenAtMs: 9, summary: { unreadable: `cannot be read: ${hostile}` } },
    ]),
  }
}

/** A result with a timeline of symptoms in each arm. */
function withSymptom(result: Result): Result {
  const [rule] = symptomRules
  if (rule === undefined) throw new Error('no rule')
  const { id, component, what, source, unit, limit } = rule
  const spells = [{ instance: 'etcd', labels: { name: 'pods' }, fromMs: 20_000, toMs: 50_000, worst: 2 * limit }]
  const symptoms = {
    everyMs: 15_000,
    readings: 8,
    activities: [{ title: 'Rollout 1 -> 200', fromMs: 10_000, toMs: 70_000 }],
    found: [{ id, component, what, rule: 'its rule', source, unit, limit, knobs: ['etcd.walDisk'], spells }],
    notRead: [{ process: 'etcd', times: 1, because: 'it did not answer' }],
  }
  return { ...result, arms: result.arms.map((arm) => ({ ...arm, symptoms })) }
}

/** Fields whose texts are not free. */
const fixed = new Set([
  'kind',
  'evidence',
  'target',
  'verdict',
  'outcome',
  'startedAt',
  'stop',
  'status',
  'unit',
  'component',
])

function withHostileNames(result: Result): Result {
  const names = new Set(
    result.arms.flatMap(({ name, profile, steps }) => [name, profile, ...steps.map((step) => step.name)]),
  )
  const rename = (value: unknown, key: string): unknown => {
    if (typeof value === 'string')
      return fixed.has(key) || !(names.has(value) || told.has(key)) ? value : `${value}${hostile}`
    if (Array.isArray(value)) return value.map((one) => rename(one, key))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([field, one]) => [field, rename(one, field)]))
  }
  return rename(result, '') as Result
}

/** Fields that hold what somebody has written, or what a component or a machine has said. */
const told = new Set([
  'title',
  'what',
  'rule',
  'instance',
  'process',
  'because',
  'plan',
  'run',
  'description',
  'reasons',
  'source',
  'note',
  'system',
  'ending',
  'varied',
  'text',
  'effective',
  'requested',
])
