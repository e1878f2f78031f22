import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { SeriesEntry } from '../plan/series.ts'
import { seriesCatalogue } from './series-catalogue.ts'

function rowOf({ name, labels, unit, what, from }: SeriesEntry): string {
  const label = labels.length === 0 ? '' : `${labels.join(', ')} `
  return `| \`${name}\` | ${label}| ${unit} | ${what} | ${from} |`
}

describe('seriesCatalogue', () => {
  it('should be the table of docs/series.md, row by row', () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/series.md'), 'utf8')
    const rows = page.split('\n').filter((line) => line.startsWith('| `'))
    expect(rows).toEqual(seriesCatalogue.map(rowOf))
  })

  it('should have each name once', () => {
    const names = seriesCatalogue.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
  })
})
