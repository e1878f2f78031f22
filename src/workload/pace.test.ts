import { describe, expect, it } from 'vitest'
import { createVirtualClock } from '../testing/virtual-clock.ts'
import type { Pace, Sent } from './pace.ts'
import { sendPaced } from './pace.ts'

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index)

async function run(
  pace: Pace,
  count: number,
  answerMs: (item: number) => number,
  signal = new AbortController().signal,
  mostUnderWay = 512,
  failing?: number,
) {
  const clock = createVirtualClock(0)
  const sent: Sent[] = []
  let underWay = 0
  let most = 0
  const send = async (item: number) => {
    most = Math.max(most, ++underWay)
    await clock.sleep(answerMs(item))
    underWay--
    return item !== failing
  }
  await sendPaced(numbers(count), pace, send, { clock, signal, onSent: (one) => sent.push(one), mostUnderWay })
  return { sent, most, endMs: clock.nowMs(), underWay }
}

describe('sendPaced', () => {
  it('should send at the rate, however slow the answers are', async () => {
    const { sent, most, endMs } = await run({ ratePerSecond: 100 }, 50, () => 2000)
    expect(sent.map(({ sentMs }) => sentMs)).toEqual(numbers(50).map((index) => index * 10))
    expect(most).toBe(50)
    expect(endMs).toBe(490 + 2000)
  })

  it('should count the latency from the intended moment when too many are under way', async () => {
    const { sent, most } = await run({ ratePerSecond: 1000 }, 600, () => 5000)
    expect(most).toBe(512)
    const last = sent.find(({ intendedMs }) => intendedMs === 599)
    expect(last).toMatchObject({ sentMs: 5087, answeredMs: 10_087 })
  })

  it.each([{ ratePerSecond: 1000 }, { concurrency: 9 }])(
    'should have no more under way than is allowed (%o)',
    async (pace) => {
      expect((await run(pace, 20, () => 1000, undefined, 3)).most).toBe(3)
    },
  )

  it('should take no sample of what did not succeed', async () => {
    expect((await run({ concurrency: 2 }, 5, () => 10, undefined, 512, 3)).sent).toHaveLength(4)
  })

  it('should keep so many under way at a time', async () => {
    const { most, endMs, sent } = await run({ concurrency: 4 }, 10, () => 100)
    expect([most, endMs, sent.length]).toEqual([4, 300, 10])
    expect(sent.every(({ intendedMs, sentMs }) => intendedMs === sentMs)).toBe(true)
  })

  it.each([{ ratePerSecond: 100 }, { concurrency: 3 }])(
    'should draw items only when they are due (%o)',
    async (pace) => {
      const clock = createVirtualClock(0)
      let drawn = 0
      const items = (function* () {
        for (;;) yield drawn++
      })()
      const failing = sendPaced(
        items,
        pace,
        async (item) => {
          await clock.sleep(5)
          if (item === 6) throw new Error('quota exceeded')
          return true
        },
        { clock, signal: new AbortController().signal, onSent: () => {} },
      )
      await expect(failing).rejects.toThrow('quota exceeded')
      expect(drawn).toBeLessThan(12)
    },
  )

  it.each([{ ratePerSecond: 100 }, { concurrency: 3 }])(
    'should stop and wait for what is under way when aborted (%o)',
    async (pace) => {
      const clock = createVirtualClock(0)
      const abort = new AbortController()
      let underWay = 0
      const send = async (item: number) => {
        underWay++
        if (item === 4) abort.abort(new Error('interrupted'))
        await clock.sleep(50)
        underWay--
        return true
      }
      await expect(
        sendPaced(numbers(100), pace, send, { clock, signal: abort.signal, onSent: () => {} }),
      ).rejects.toThrow('interrupted')
      expect(underWay).toBe(0)
    },
  )
})
