import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { writeFileWhole } from '../src/base/files.ts'
import { faults } from './reliability/faults.ts'
import { hostile } from './reliability/hostile.ts'
import { complaintsAboutRows, reliabilityPage } from './reliability/page.ts'
import { review } from './reliability/review.ts'
import { taggedTestsIn } from './reliability/tests.ts'

const root = join(import.meta.dirname, '..')
const page = join(root, 'docs', 'reliability.md')
const catalogues = [faults, hostile, review]
const tests = globSync(['src/**/*.test.ts', 'test/**/*.ts', 'scripts/*.test.ts', 'components/**/*_test.go'], {
  cwd: root,
})
  .sort()
  .flatMap((file) => taggedTestsIn(file, readFileSync(join(root, file), 'utf8')))

const text = reliabilityPage(catalogues, tests)
const complaints = complaintsAboutRows(catalogues, tests)
if (!process.argv.includes('--check')) writeFileWhole(page, text)
else if (readFileSync(page, 'utf8') !== text)
  complaints.push('docs/reliability.md is out of date: run `make reliability`')
for (const complaint of complaints) process.stderr.write(`${complaint}\n`)
process.exitCode = complaints.length === 0 ? 0 : 1
