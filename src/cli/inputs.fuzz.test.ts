import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import type { FailureKind } from '../base/errors.ts'
import { Failure } from '../base/errors.ts'
import { usableCostsOf } from '../model/machine/costs.ts'
import { readProfile } from '../plan/profile.ts'
import { renderCsv, renderSeriesCsv } from '../report/csv.ts'
import { renderHtml } from '../report/html.ts'
import { renderJunit } from '../report/junit.ts'
import { renderMarkdown } from '../report/markdown.ts'
import { renderOpenMetrics } from '../report/open-metrics.ts'
import { runSummaryOf } from '../report/run-summary.ts'
import { renderSummary } from '../report/summary.ts'
import { journalLine, readJournal } from '../run/journal.ts'
import { judgedAgain } from '../run/judge-again.ts'
import { fuzzed, nearly, nearlyText } from '../testing/fuzzing.ts'
import { exitCodeOf } from './exit.ts'
import { loadClusters, loadPlan, vocabularyOf } from './plans.ts'
import { reportsOf } from './report-command.ts'
import { readResult } from './result-files.ts'
import { headIn } from './run-head.ts'
import { readCalibration } from './targets.ts'

const root = join(import.meta.dirname, '..', '..')
const folder = mkdtempSync(join(tmpdir(), 'inputs-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
  expect(Object.keys(Object.prototype)).toEqual([])
})
const folders = { plans: join(root, 'plans'), profiles: join(root, 'profiles') }

/** What reading gives: a value, or else a failure that says where and, in one way or the other, what to do. */
function readOrTold<T>(read: () => T, kinds: readonly FailureKind[], place: RegExp): T | undefined {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    expect(kinds).toContain(error.kind)
    expect(error.message).toMatch(place)
    expect(error.message.length).toBeLessThan(20_000)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these must not be in it
    expect(`${error.message}${error.next}`).not.toMatch(/[\0\u001b\ud800-\udfff]/)
    return undefined
  }
}

function written(name: string, content: string): string {
  const file = join(folder, name)
  writeFileSync(file, content)
  return file
}

const placed = /^[\s\S]*?:\d+:\d+ {2}|^\S+ (is|has|makes) /

describe('plans and profiles that ship, with edits (fault 45)', { timeout: 300_000 }, () => {
  const texts = ['smoke.yaml', '1k-nodes.yaml', 'single-node.yaml'].map((name) =>
    readFileSync(join(folders.plans, name), 'utf8'),
  )
  const profiles = readdirSync(folders.profiles).map((name) => readFileSync(join(folders.profiles, name), 'utf8'))
  const remote = `remote:\n  targets:\n    - { kubeconfig: a, context: b, uid: c }\n    - { kubeconfig: a, context: d }\n`
  const near = (all: readonly string[]) =>
    fc.oneof(
      ...all.flatMap((text) => [
        nearly(parse(text)).map((value) => stringify(value)),
        nearly(parse(text)).map((value) => JSON.stringify(value)),
        nearlyText(text),
      ]),
    )

  it('should be taken, or refused where the mistake is', () => {
    fc.assert(
      fc.property(near(texts), (text) => {
        const file = written('plan.yaml', text)
        readOrTold(() => loadPlan(file, folders), ['bad-input'], placed)
      }),
      fuzzed(40),
    )
  })

  it('should be taken, or refused where the mistake is, as profiles and as clusters', () => {
    const files = { ...vocabularyOf(folders).profiles }
    fc.assert(
      fc.property(near(profiles), near([remote]), (profile, clusters) => {
        const [one, other] = [written('profile.yaml', profile), written('clusters.yaml', clusters)]
        readOrTold(() => readProfile(one, files), ['bad-input'], placed)
        readOrTold(() => loadClusters(other), ['bad-input'], placed)
      }),
      fuzzed(40),
    )
  })
})

describe('results of the samples, with edits (fault 45)', { timeout: 300_000 }, () => {
  const samples = ['sample', 'sample-releases'].map((name) =>
    readFileSync(join(root, 'reports', name, 'result.json'), 'utf8'),
  )
  const near = fc.oneof(
    ...samples.flatMap((text) => [
      { arbitrary: nearly(JSON.parse(text)).map((value) => JSON.stringify(value)), weight: 4 },
      { arbitrary: nearlyText(text), weight: 1 },
    ]),
  )

  it('should be refused by the field that is wrong, or judged and rendered in every format', () => {
    const run = join(folder, 'run')
    mkdirSync(run)
    fc.assert(
      fc.property(near, (text) => {
        writeFileSync(join(run, 'result.json'), text)
        const result = readOrTold(() => readResult(run), ['bad-input'], /^\S+result\.json (is|has) /)
        if (result === undefined) return
        const judged = judgedAgain(result)
        exitCodeOf({ result: judged }, undefined)
        const { view } = reportsOf(judged)
        for (const render of [renderHtml, renderMarkdown, renderJunit, renderOpenMetrics, renderCsv, renderSeriesCsv])
          render(view)
        runSummaryOf(view)
        renderSummary(view, {})
      }),
      fuzzed(25),
    )
  })
})

describe('a calibration, with edits', { timeout: 300_000 }, () => {
  const text = readFileSync(join(root, 'src', 'model', 'calibration.json'), 'utf8')
  const near = fc.oneof(
    nearly(JSON.parse(text)).map((value) => JSON.stringify(value)),
    nearlyText(text),
  )
  const numbersIn = (value: unknown): number[] =>
    typeof value === 'number'
      ? [value]
      : typeof value === 'object' && value !== null
        ? Object.values(value).flatMap(numbersIn)
        : []

  const take = (content: string) => {
    const file = written('calibration.json', content)
    const calibration = readOrTold(() => readCalibration(file), ['bad-input'], /^\S+calibration\.json (is|has) /)
    if (calibration === undefined) return
    const costs = readOrTold(() => usableCostsOf(calibration), ['bad-input'], /calibration/)
    expect(numbersIn(costs).filter((number) => !Number.isFinite(number) || number < 0)).toEqual([])
  }

  it('should be refused, or give such times, when any one figure is nothing, negative or enormous', () => {
    let figures = 0
    text.replaceAll(/(?<=[:[] ?)-?\d[\d.e-]*/g, (_, offset: number) => {
      figures++
      const rest = text.slice(offset).replace(/^-?\d[\d.e-]*/, '')
      for (const figure of ['0', '-1', '1e308', '5e-324']) take(`${text.slice(0, offset)}${figure}${rest}`)
      return ''
    })
    expect(figures).toBeGreaterThan(100)
  })

  it('should be refused by the field that is wrong, or give times that a simulation can go on with', () => {
    fc.assert(fc.property(near, take), fuzzed(150))
  })
})

describe('a journal, with edits (fault 45)', { timeout: 300_000 }, () => {
  const records = [
    {
      type: 'run-begun',
      schema: 1,
      run: 'r',
      target: 'sim',
      startedAt: null,
      program: 'p',
      components: [],
      options: {},
    },
    { type: 'run-started', plan: 'ü', arms: [{ id: 'a-1' }] },
    { type: 'step-started', armId: 'a-1', stepId: 's' },
    { type: 'arm-finished', armId: 'a-1' },
  ].map((record, sequence) => ({ sequence, atMs: sequence, ...record }))
  const lines = (all: readonly unknown[]) => all.map((record) => `${journalLine(Object(record))}\n`).join('')
  const whole = lines(records)
  const read = (content: string | Uint8Array) => {
    const file = join(folder, 'journal.ndjson')
    writeFileSync(file, content)
    const told = /journal\.ndjson(, line \d+, byte \d+|: an earlier version of scale-test wrote it)/
    return readOrTold(() => readJournal(file), ['safety-refusal', 'bad-input'], told)
  }

  it('should give its whole records where it is cut off, at every byte', () => {
    const bytes = Buffer.from(whole)
    for (let length = 0; length <= bytes.length; length++) {
      const cut = bytes.subarray(0, length)
      const count = cut.toString('latin1').split('\n').length - 1
      const journal = read(cut)
      expect(journal?.records).toEqual(records.slice(0, count))
      expect(journal?.wholeBytes).toBe(cut.lastIndexOf('\n') + 1)
    }
  })

  it('should be refused at the line of any bit that changed, the last one included', () => {
    const starts = [0, ...[...Buffer.from(whole).entries()].flatMap(([at, byte]) => (byte === 10 ? [at + 1] : []))]
    const bit = fc.record({ at: fc.nat(Buffer.byteLength(whole) - 1), bit: fc.nat(7) })
    fc.assert(
      fc.property(bit, ({ at, bit }) => {
        const bytes = Buffer.from(whole)
        bytes[at] = (bytes[at] ?? 0) ^ (1 << bit)
        const isTornEnd = !/^[^\0]*\n$/.test(bytes.toString('latin1', starts.at(-2)))
        const line = starts.findLastIndex((start) => start <= at)
        writeFileSync(join(folder, 'journal.ndjson'), bytes)
        const reading = expect(() => readJournal(join(folder, 'journal.ndjson')).records.length)
        if (isTornEnd) reading.not.toThrow()
        else reading.toThrow(`line ${line + 1}, byte ${starts[line]}: `)
      }),
      fuzzed(300),
    )
  })

  it('should be read or refused by its line, and so should its first record', () => {
    const near = fc.oneof(
      nearlyText(whole),
      nearly(records).map((value) => (Array.isArray(value) ? lines(value) : JSON.stringify(value))),
      fc.uint8Array(),
    )
    fc.assert(
      fc.property(near, (content) => {
        const journal = read(content)
        if (journal !== undefined) readOrTold(() => headIn(journal.records, 'r'), ['bad-input'], /^r was /)
      }),
      fuzzed(300),
    )
  })
})
