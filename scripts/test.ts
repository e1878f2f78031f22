import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import process from 'node:process'

/** Tests of one language: how many passed, failed and were skipped. */
interface Tally {
  passed: number
  failed: number
  skipped: number
}

/** What vitest's JSON reporter writes of one file. */
interface TestedFile {
  name: string
  message: string
  startTime: number
  endTime: number
  assertionResults: { fullName: string; status: string; failureMessages: string[] }[]
}

const slowestFiles = 8
/** Of a failure whose whole text stands further up. */
const repeatedCharacters = 3000

const root = join(import.meta.dirname, '..')
const tallies = [testGo(), testTypeScript()]
const sum = (key: keyof Tally) => tallies.reduce((total, tally) => total + tally[key], 0)
const skipped = sum('skipped') === 0 ? '' : `, ${sum('skipped')} skipped`
process.stdout.write(`\n${sum('passed')} passed, ${sum('failed')} failed${skipped}\n`)
process.exitCode = sum('failed') === 0 ? 0 : 1

function testGo(): Tally {
  if (spawnSync('go', ['version']).status !== 0) {
    process.stdout.write('\nSKIPPED: the tests of components/, because Go is missing (install Go to run them)\n')
    return { passed: 0, failed: process.env['CI'] === 'true' ? 1 : 0, skipped: 1 }
  }
  const run = spawnSync('go', ['test', '-json', '-trimpath', './hollow-node/...', './peer-relay/...'], {
    cwd: join(root, 'components'),
    // The flags of the build, so that both share the compiler's cache.
    env: { ...process.env, CGO_ENABLED: '0' },
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })
  const events = run.stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line): { Action: string; Test?: string; Output?: string } => JSON.parse(line))
  const count = (action: string) => events.filter((event) => event.Action === action && event.Test !== undefined).length
  const tally = { passed: count('pass'), failed: count('fail'), skipped: count('skip') }
  process.stdout.write(`\ngo test: ${tally.passed} passed, ${tally.failed} failed\n`)
  if (run.status === 0) return tally
  process.stdout.write(events.map((event) => event.Output ?? '').join('') + run.stderr)
  return { ...tally, failed: Math.max(1, tally.failed) }
}

function testTypeScript(): Tally {
  const folder = mkdtempSync(join(tmpdir(), 'scale-test-vitest-'))
  const report = join(folder, 'report.json')
  try {
    const run = spawnSync('vitest', ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`], {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(readFileSync(report, 'utf8'))
    sayWhatMatters(testResults)
    if (run.status !== 0 && numFailedTests === 0)
      process.stdout.write('\nFAILED: something outside any test; see above\n')
    const failed = run.status === 0 ? 0 : Math.max(1, numFailedTests)
    return { passed: numPassedTests, failed, skipped: numPendingTests }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The slowest files, and once more what has failed: of a log, people and CI systems look at the end. */
function sayWhatMatters(files: readonly TestedFile[]) {
  const named = files.map((file) => ({
    ...file,
    name: relative(root, file.name),
    seconds: Math.round((file.endTime - file.startTime) / 1000),
  }))
  const slowest = named.sort((one, other) => other.seconds - one.seconds).slice(0, slowestFiles)
  process.stdout.write(`\nslowest: ${slowest.map(({ name, seconds }) => `${name} ${seconds} s`).join(', ')}\n`)
  for (const { name, message, assertionResults } of named) {
    const failed = assertionResults.filter(({ status }) => status === 'failed')
    for (const { fullName, failureMessages } of failed)
      process.stdout.write(
        `\nFAILED: ${name}: ${fullName}\n${failureMessages.join('\n').slice(0, repeatedCharacters)}\n`,
      )
    if (failed.length === 0 && message !== '')
      process.stdout.write(`\nFAILED: ${name}\n${message.slice(0, repeatedCharacters)}\n`)
  }
}
