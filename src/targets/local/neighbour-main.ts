import { Buffer } from 'node:buffer'
import { closeSync, fsyncSync, ftruncateSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../base/clock.ts'

// A neighbour on etcd's disk: appends blocks and syncs each of them, and begins anew when the file is large. See neighbour.ts.
const [folder = ''] = process.argv.slice(2)
const block = Buffer.alloc(1 << 20, 'neighbour ')
const largestBytes = 256 * block.length
const reportEveryMs = 250

const file = openSync(join(folder, 'neighbour'), 'w', 0o600)
const startMs = systemClock.nowMs()
let [bytes, syncs, toldMs] = [0, 0, startMs]
let isOver = false
process.on('SIGTERM', () => {
  isOver = true
})
while (!isOver) {
  if (bytes % largestBytes === 0) ftruncateSync(file, 0)
  writeSync(file, block, 0, block.length, bytes % largestBytes)
  fsyncSync(file)
  bytes += block.length
  syncs++
  const nowMs = systemClock.nowMs()
  if (nowMs < toldMs + reportEveryMs) continue
  toldMs = nowMs
  process.stdout.write(`${JSON.stringify({ bytes, syncs, durationMs: nowMs - startMs })}\n`)
  // Lets the signal in.
  await systemClock.sleep(0)
}
closeSync(file)
