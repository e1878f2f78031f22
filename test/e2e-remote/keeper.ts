import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { systemClock } from '../../src/base/clock.ts'
import { createCgroup, hierarchies } from './cgroups.ts'
import type { Settings } from './layout.ts'
import { hostsOf } from './layout.ts'
import { say } from './messages.ts'
import { readSettings } from './settings.ts'
import { tearDown } from './tear-down.ts'

// Owns one host cluster, outside of its namespaces, in a session of its own. It lives until its standard input ends,
// which happens when whoever started it stops the cluster or dies, however; or until the inside ends. Then it takes
// everything away. On standard output it says what happens, a line of JSON each (messages.ts).

const [settingsFile = ''] = process.argv.slice(2)
const settings = readSettings(settingsFile)

for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => {})
// Nobody may be listening any more.
process.stdout.on('error', () => {})

let mayKeepLogs = false
const input = createInterface({ input: process.stdin })
input.on('line', (line) => {
  if (line === 'stop') mayKeepLogs = true
})
const ownerIsGone = once(input, 'close')

try {
  await live(settings)
} catch (error) {
  say({ event: 'failed', message: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  mayKeepLogs = true
}
const left = await tearDown(settings, { keepLogs: mayKeepLogs, clock: systemClock })
say({ event: 'gone', left })
process.exitCode = left.length === 0 ? 0 : 1
process.stdin.destroy()

async function live(what: Settings): Promise<void> {
  for (const { cgroup } of hostsOf(what)) createCgroup(cgroup, hierarchies())
  const inside = [process.execPath, join(import.meta.dirname, 'inside.ts'), settingsFile]
  const child = spawn(
    'unshare',
    [
      ...['--mount', '--pid', '--net', '--ipc', '--fork', '--kill-child', '--mount-proc'],
      // Process 1 is a shell, not Node: it reaps whatever loses its parent.
      ...['sh', '-c', '"$@"; exit $?', 'sh', ...inside],
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  )
  const ended = once(child, 'exit')
  await once(child, 'spawn')
  say({ event: 'started', pid: await childOf(child.pid ?? 0) })
  child.stdout.on('data', (chunk: Buffer) => process.stdout.write(chunk))
  child.stdin.on('error', () => {})

  await Promise.race([ended, ownerIsGone])
  // The inside ends when its standard input does, and takes its process 1 along, and that one its namespace.
  child.stdin.end()
  const done = new AbortController()
  const late = systemClock.sleep(2000, done.signal).then(
    () => child.kill('SIGKILL'),
    () => undefined,
  )
  await ended
  done.abort()
  await late
}

/** The process 1 of the namespaces, as it is called out here. */
async function childOf(pid: number): Promise<number> {
  for (;;) {
    const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')
    if (child !== undefined && child !== '') return Number(child)
    await systemClock.sleep(5)
  }
}
