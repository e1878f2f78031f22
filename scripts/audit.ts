import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import process from 'node:process'

/** What npm answers: a tally of known vulnerabilities, or why the registry could not be asked. */
interface Audit {
  metadata?: { vulnerabilities: Readonly<Record<'low' | 'moderate' | 'high' | 'critical', number>> }
  message?: string
  error?: { summary?: string }
}

const { stdout } = spawnSync('npm', ['audit', '--json', '--fetch-retries=0', '--fetch-timeout=20000'], {
  cwd: join(import.meta.dirname, '..'),
  encoding: 'utf8',
  maxBuffer: 1 << 26,
})
const audit = parsed(stdout)
const counts = audit.metadata?.vulnerabilities
if (counts === undefined) {
  const reason = audit.message ?? audit.error?.summary ?? 'npm gave no answer'
  process.stdout.write(`SKIPPED: the registry cannot be asked for known vulnerabilities: ${reason}\n`)
} else {
  const { low, moderate, high, critical } = counts
  process.stdout.write(
    `known vulnerabilities: ${critical} critical, ${high} high, ${moderate} moderate, ${low} low; see them with: npm audit\n`,
  )
  process.exitCode = critical + high === 0 ? 0 : 1
}

function parsed(text: string): Audit {
  try {
    return JSON.parse(text)
  } catch {
    return {}
  }
}
