import type { ChildProcess } from 'node:child_process'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import process from 'node:process'
import { formatCount } from '../src/base/count.ts'
import { createTestCertificates } from '../src/testing/certificates.ts'
import type { WatchCost } from './bench-watch-client.ts'

/**
 * What an orchestrator takes that watches 5000 to 40000 pods being created, bound, started and Ready, and then lists them again, page by page:
 * bounded, and with the same connections for any number. Server and client are processes of their own, the latter with the options of `make scale-test`.
 */
const sizes = [5000, 10_000, 20_000, 40_000]
const bound = { bytes: 300e6, listBytes: 350e6, perPodBytes: 2000 }
const nodeOptions = ['--expose-gc', '--min-semi-space-size=32', '--max-semi-space-size=32', '--max-old-space-size=2000']

const certificates = await createTestCertificates()
say(
  `memory of an orchestrator that watches pods of 4 KB (at most ${bound.bytes / 1e6} MB, ${bound.listBytes / 1e6} MB while it lists them, ${bound.perPodBytes} bytes a pod)`,
)
say('     pods   watch (MB)   list (MB)   in the end (MB)   bytes a pod   sockets   descriptors')
const costs: WatchCost[] = []
for (const pods of sizes) {
  const cost = await costOf(pods)
  costs.push(cost)
  const cells = [
    formatCount(pods).padStart(9),
    (cost.watchBytes / 1e6).toFixed(0).padStart(13),
    (cost.listBytes / 1e6).toFixed(0).padStart(12),
    (cost.residentBytes / 1e6).toFixed(0).padStart(18),
    cost.perPodBytes.toFixed(0).padStart(14),
    String(cost.sockets).padStart(10),
    String(cost.descriptors).padStart(14),
  ]
  say(cells.join(''))
}
const isBounded = costs.every(
  ({ watchBytes, listBytes, perPodBytes }) =>
    watchBytes <= bound.bytes && listBytes <= bound.listBytes && perPodBytes <= bound.perPodBytes,
)
// Idle connections close after some seconds.
const [first] = costs
const isFlat = costs.every(
  ({ sockets, descriptors }) => first && sockets <= first.sockets && descriptors <= first.descriptors,
)
if (!isBounded || !isFlat) process.exitCode = 1

async function costOf(pods: number): Promise<WatchCost> {
  const server = fork(join(import.meta.dirname, 'bench-watch-server.ts'))
  const client = fork(join(import.meta.dirname, 'bench-watch-client.ts'), { execArgv: nodeOptions })
  try {
    server.send({ certificates, pods })
    const port = await messageOf<number>(server)
    client.send({ certificates, pods, port })
    return await messageOf<WatchCost>(client)
  } finally {
    server.kill()
    client.kill()
  }
}

/** The next message of a child. Throws where it ends before that. */
async function messageOf<T>(child: ChildProcess): Promise<T> {
  const ended = once(child, 'exit').then(() => {
    throw new Error('it ended without a word')
  })
  const [message] = await Promise.race([once(child, 'message'), ended])
  return message as T
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
