import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openJournal } from '../../src/run/journal.ts'
import { acknowledgedIn, examineWhole, journalOf, lossesSince, phaseOf } from './records.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'scale-test-soak-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const sample = (armId: string, atMs: number) => JSON.stringify({ armId, atMs, kind: 'watch-lag', lagMs: 1 })

function write({ done, samples }: { done: readonly string[]; samples: readonly string[] }): void {
  const journal = openJournal(join(folder, 'journal.ndjson'), () => 0)
  journal.append({ type: 'step-started', armId: 'a-1', stepId: 'fleet' })
  for (const armId of done) journal.append({ type: 'arm-finished', armId, outcome: 'complete', durationMs: 1 })
  journal.close()
  writeFileSync(join(folder, 'samples.ndjson'), samples.map((line) => `${line}\n`).join(''))
}

describe('the records of a run', () => {
  it('should tell the phase by the last step, also where the last record is torn', () => {
    expect(phaseOf(journalOf(folder))).toBe('before the journal')
    write({ done: [], samples: [] })
    appendFileSync(join(folder, 'journal.ndjson'), '{"sequence":1,')
    expect(phaseOf(journalOf(folder))).toBe('fleet')
  })

  it('should acknowledge the samples of finished arms only', () => {
    write({ done: ['a-1'], samples: [sample('a-1', 1), sample('b-1', 1), sample('a-1', 2)] })
    expect([...acknowledgedIn(folder)]).toEqual([['a-1', [sample('a-1', 1), sample('a-1', 2)]]])
  })

  it('should find a sample that is gone, and one that is there twice', () => {
    write({ done: ['a-1'], samples: [sample('a-1', 1), sample('a-1', 2)] })
    const before = acknowledgedIn(folder)
    expect(lossesSince(before, folder)).toEqual({ lost: [], duplicates: [], differences: [] })
    writeFileSync(join(folder, 'samples.ndjson'), `${sample('a-1', 2)}\n${sample('a-1', 2)}\n`)
    expect(lossesSince(before, folder)).toMatchObject({
      lost: [expect.stringContaining('"atMs":1')],
      duplicates: [expect.stringContaining('"atMs":2')],
    })
  })

  it('should find a file that no run has, and one that is missing', () => {
    write({ done: [], samples: [] })
    writeFileSync(join(folder, 'plan.json.unfinished-7'), '')
    const { differences } = examineWhole(folder, ['journal.ndjson', 'report.md', 'samples.ndjson'])
    expect(differences).toEqual(['file that belongs to no run: plan.json.unfinished-7', 'file is missing: report.md'])
  })
})
