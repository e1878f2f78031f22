import { describe, expect, it } from 'vitest'
import { createKernel } from '../kernel/kernel.ts'
import type { Client } from './client.ts'
import { createEventRecorder } from './event-recorder.ts'

/** A recorder whose requests take 10 ms each, and their verbs. */
function benchOf() {
  const timeline = createKernel().createTimeline()
  const sent: string[] = []
  const client = {
    send(verb: string, _: string, reply: () => void) {
      sent.push(verb)
      timeline.after(10, reply)
    },
  } as unknown as Client
  return { sent, sleep: timeline.clock.sleep, recorder: createEventRecorder(timeline, client) }
}

describe('what a component writes of events', () => {
  it('should combine events from the tenth similar one on, and stop after 25 about one object', async () => {
    const { recorder, sent, sleep } = benchOf()
    for (let index = 0; index < 40; index++) recorder.record('ReplicaSet a', 'SuccessfulCreate')
    await sleep(10_000)
    expect(sent.filter((verb) => verb === 'POST')).toHaveLength(10)
    expect(sent.filter((verb) => verb === 'PATCH')).toHaveLength(15)
  })

  it('should keep a budget for each object, of which one comes back every five minutes', async () => {
    const { recorder, sent, sleep } = benchOf()
    const record = (object: string, count: number) => {
      for (let index = 0; index < count; index++) recorder.record(object, `reason ${index}`)
    }
    record('a', 40)
    record('b', 40)
    await sleep(600_000)
    expect(sent).toHaveLength(50)
    record('a', 40)
    await sleep(10_000)
    expect(sent).toHaveLength(52)
  })

  it('should send one after the other, and drop what comes when a thousand are waiting', async () => {
    const { recorder, sent, sleep } = benchOf()
    for (let index = 0; index < 2000; index++) recorder.record(`pod ${index}`, 'Started')
    await sleep(95)
    expect(sent).toHaveLength(10)
    await sleep(60_000)
    expect(sent).toHaveLength(1001)
  })
})
