import { readdirSync, readlinkSync } from 'node:fs'
import process from 'node:process'
import { systemClock } from '../src/base/clock.ts'
import { connectKubeApi } from '../src/kube/http.ts'
import { createProbeTimeline } from '../src/measure/timeline.ts'
import { startFeed } from '../src/record/feed.ts'
import type { TestCertificates } from '../src/testing/certificates.ts'

/** What an orchestrator took that watched so many pods. */
export interface WatchCost {
  /** The most memory at any moment of the watch, and of the list after it. */
  watchBytes: number
  listBytes: number
  /** In use when all garbage was gone. */
  residentBytes: number
  /** What each pod takes of the heap. */
  perPodBytes: number
  sockets: number
  descriptors: number
}

// However the bench ends, its client ends with it.
process.once('disconnect', () => process.exit())

/** Watches pods as a fill does, from none to all Ready, and lists them all again, since their version expires. */
process.once(
  'message',
  async ({ certificates, pods, port }: { certificates: TestCertificates; pods: number; port: number }) => {
    const tls = { ca: certificates.ca, ...certificates.client }
    const api = connectKubeApi({
      credentials: { server: `https://127.0.0.1:${port}`, tls, headers: async () => ({}) },
      clock: systemClock,
    })
    const heapBefore = collected().heapUsed
    let [watchBytes, listBytes] = [0, 0]
    const disruptions = { resumed: 0, relisted: 0, silent: 0 }
    const watching = new AbortController()
    const sampling = samplePeak(watching.signal, (bytes) => {
      if (disruptions.relisted === 0) watchBytes = Math.max(watchBytes, bytes)
      else listBytes = Math.max(listBytes, bytes)
    })
    const timeline = createProbeTimeline({ from: 0, to: pods })
    timeline.start(systemClock.nowMs())
    const whole = Promise.withResolvers<void>()
    const feed = startFeed(
      { api, clock: systemClock },
      { resource: 'pods', labelSelector: 'scale-test/run=bench-memory' },
      (change) => {
        timeline.pod(change)
        if (disruptions.relisted === 1 && change.exact) whole.resolve()
      },
      disruptions,
    )
    await Promise.race([whole.promise, feed.failed])
    if (timeline.done() !== pods) throw new Error(`${timeline.done()} of ${pods} pods are Ready`)
    // A fill makes its figures while the watch goes on.
    if (timeline.summary().pods.ready !== pods || timeline.podTimelines().length !== pods)
      throw new Error('pods are missing')
    const { heapUsed } = collected()
    // The kernel gets pages back a moment later.
    await systemClock.sleep(1000)
    const rss = process.memoryUsage.rss()
    const descriptors = readdirSync('/proc/self/fd')
    const cost: WatchCost = {
      watchBytes,
      listBytes,
      residentBytes: rss,
      perPodBytes: (heapUsed - heapBefore) / pods,
      sockets: descriptors.filter(isSocket).length,
      descriptors: descriptors.length,
    }
    watching.abort()
    await sampling
    await feed.stop()
    await api[Symbol.asyncDispose]()
    process.send?.(cost)
  },
)

async function samplePeak(signal: AbortSignal, take: (bytes: number) => void): Promise<void> {
  while (!signal.aborted) {
    take(process.memoryUsage.rss())
    await systemClock.sleep(50, signal).catch(() => {})
  }
}

function collected(): NodeJS.MemoryUsage {
  const { gc } = globalThis as { gc?: () => void }
  if (gc === undefined) throw new Error('run with --expose-gc')
  // The second one takes what the first one's finalizers have let go of.
  gc()
  gc()
  return process.memoryUsage()
}

/** False for one that is closed by now. */
function isSocket(descriptor: string): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`).startsWith('socket:')
  } catch {
    return false
  }
}
