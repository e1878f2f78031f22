import { describe, expect, it } from 'vitest'
import { Failure } from '../base/errors.ts'
import type { Step } from '../steps/step.ts'
import { createVirtualClock } from '../testing/virtual-clock.ts'
import type { RunEvent } from './events.ts'
import type { Stages } from './stages.ts'
import { withStages } from './stages.ts'

function harness() {
  const clock = createVirtualClock()
  const events: RunEvent[] = []
  const interrupt = new AbortController()
  const log: string[] = []
  const step = (
    id: string,
    setUp: Step<string>['setUp'],
    tearDown?: () => Promise<void>,
    budgetMs = 1000,
  ): Step<string> => ({
    id,
    title: `Step ${id}`,
    timeoutMs: 5000,
    setUp: (context) => {
      log.push(`+${id}`)
      return setUp(context)
    },
    tearDown: {
      budgetMs,
      run: async () => {
        log.push(`-${id}`)
        await tearDown?.()
      },
    },
  })
  const run = (body: (stages: Stages) => Promise<string>) =>
    withStages({ armId: 'a', clock, signal: interrupt.signal, emit: (event) => events.push(event) }, body)
  return { clock, events, interrupt, log, step, run }
}

const fine = async () => 'fine'
const never = () => new Promise<never>(() => {})

describe('withStages, asked to keep what failed', () => {
  const kept = (id: string, log: string[], look: string[]) => ({
    budgetMs: 1000,
    run: async () => {
      log.push(`=${id}`)
      return look
    },
  })
  const failure = new Failure('inconclusive', 'nodes are late')

  it.each<[string, unknown, string[], readonly string[] | undefined]>([
    ['undo only what is not of the cluster, and say how to look at it', failure, ['=two', '=one'], ['look here']],
    ['tear down all after another error', new Error('interrupted'), ['-three', '-two', '-one'], undefined],
    ['tear down all when nothing went wrong', undefined, ['-three', '-two', '-one'], undefined],
  ])('should %s', async (_, error, expected, look) => {
    const { clock, events, interrupt, log, step } = harness()
    const steps = [
      { ...step('one', fine), whenKept: kept('one', log, ['look here']) },
      { ...step('two', fine), whenKept: kept('two', log, []) },
      step('three', fine),
    ]
    const ended = await withStages(
      {
        armId: 'a',
        clock,
        signal: interrupt.signal,
        emit: (event) => events.push(event),
        keeps: (reason) => reason === failure,
      },
      async (stages) => {
        for (const one of steps) await stages.run(one)
        if (error !== undefined) throw error
      },
    )
    expect(log.slice(3)).toEqual(expected)
    expect([ended.kept, ended.residue]).toEqual([look, []])
    expect(events.at(-1)).toMatchObject({ type: 'step-finished', stepId: 'clean-up' })
    expect(JSON.stringify(events.at(-1)).includes('kept')).toBe(look !== undefined)
  })

  it('should tell what it could not undo', async () => {
    const { clock, interrupt, step } = harness()
    const stuck = { budgetMs: 1000, run: () => Promise.reject(new Error('settings may not have been restored')) }
    const { residue } = await withStages(
      { armId: 'a', clock, signal: interrupt.signal, emit: () => {}, keeps: () => true },
      async (stages) => {
        await stages.run({ ...step('one', fine), whenKept: stuck })
        throw failure
      },
    )
    expect(residue).toEqual(['Step one: settings may not have been restored'])
  })
})

describe('withStages', () => {
  it('should tear down last first when all went well', async () => {
    const { log, step, run } = harness()
    const { outcome, residue } = await run(
      async (stages) => (await stages.run(step('one', fine))) + (await stages.run(step('two', fine))),
    )
    expect(outcome).toEqual({ status: 'fulfilled', value: 'finefine' })
    expect(log).toEqual(['+one', '+two', '-two', '-one'])
    expect(residue).toEqual([])
  })

  it('should tear a step down also when its own set-up failed half-way', async () => {
    const { log, step, run, events } = harness()
    const failing = step('two', async () => {
      throw new Failure('infrastructure', 'etcd died')
    })
    const { outcome } = await run(async (stages) => (await stages.run(step('one', fine))) + (await stages.run(failing)))
    expect(outcome).toMatchObject({ status: 'rejected', reason: { message: 'etcd died' } })
    expect(log).toEqual(['+one', '+two', '-two', '-one'])
    expect(events.filter((event) => event.type === 'step-failed')).toMatchObject([
      { stepId: 'two', message: 'etcd died' },
    ])
  })

  it('should keep the first error and name what is left when tear-down fails too', async () => {
    const { step, run } = harness()
    const stuck = step('one', fine, async () => {
      throw new Error('still mounted')
    })
    const { outcome, residue } = await run(async (stages) => {
      await stages.run(stuck)
      throw new Error('first')
    })
    expect(outcome).toMatchObject({ status: 'rejected', reason: { message: 'first' } })
    expect(residue).toEqual(['Step one: still mounted'])
  })

  it('should end a step that takes longer than its time, and say so', async () => {
    const { step, run, clock } = harness()
    const { outcome } = await run(async (stages) => stages.run(step('slow', never)))
    expect(outcome).toMatchObject({
      status: 'rejected',
      reason: { kind: 'inconclusive', message: 'Step slow took longer than 5.00 s' },
    })
    expect(clock.sleepers()).toBe(0)
  })

  it.each<[string, (reason: unknown) => unknown, string]>([
    ['says what is late', () => new Failure('inconclusive', 'node 7 is not Ready'), 'node 7 is not Ready'],
    ['fails in another way', () => new Error('socket closed'), 'Step slow took longer than 5.00 s'],
    ['claims to be done', () => undefined, 'Step slow took longer than 5.00 s'],
  ])('should tell of the set-up that is out of time and %s', async (_, lastWords, message) => {
    const { step, run } = harness()
    const slow = step('slow', async ({ signal }) => {
      const { promise, resolve } = Promise.withResolvers<void>()
      signal.addEventListener('abort', () => resolve())
      await promise
      const words = lastWords(signal.reason)
      if (words !== undefined) throw words
      return 'done'
    })
    const { outcome } = await run((stages) => stages.run(slow))
    expect(outcome).toMatchObject({ status: 'rejected', reason: { message } })
  })

  it('should give up a tear-down at its own budget, go on with the next one, and look again before it tells (fault 42)', async () => {
    const { log, step, run, clock } = harness()
    const { residue } = await run(async (stages) => {
      await stages.run(step('ground', fine))
      await stages.run(step('one', fine))
      return stages.run(step('two', fine, never, 200))
    })
    expect(log).toEqual(['+ground', '+one', '+two', '-two', '-one', '-two', '-ground'])
    expect(residue).toEqual(['Step two: not done after 200 ms'])
    expect(clock.sleepers()).toBe(0)
  })

  it('should not tell of what only took longer to go than it was given (fault 42)', async () => {
    const { step, run, clock, events } = harness()
    const going = Promise.withResolvers<void>()
    const slow = step('two', fine, () => going.promise, 200)
    const quick = step('one', fine, async () => {
      await clock.sleep(900)
      going.resolve()
    })
    const { residue } = await run(async (stages) => {
      await stages.run(step('ground', fine))
      await stages.run(quick)
      return stages.run(slow)
    })
    expect(residue).toEqual([])
    expect(events.filter(({ type }) => type === 'step-failed')).toEqual([])
  })

  it('should wait the longer for what is left, the more time it had (fault 42)', async () => {
    const { step, run, clock } = harness()
    const thousandsGo = clock.sleep(600_000 + 60_000)
    const { residue } = await run(async (stages) => {
      await stages.run(step('ground', fine))
      return stages.run(step('many', fine, () => thousandsGo, 600_000))
    })
    expect(residue).toEqual([])
  })

  it('should undo everything when whoever listens throws while it does (review 17)', async () => {
    const { log, step, clock } = harness()
    const broken = new Error('a view that throws')
    const { outcome, residue } = await withStages(
      {
        armId: 'a',
        clock,
        signal: new AbortController().signal,
        emit(event) {
          if ('stepId' in event && event.stepId === 'clean-up') throw broken
        },
      },
      async (stages) => (await stages.run(step('one', fine))) + (await stages.run(step('two', fine))),
    )
    expect(log).toEqual(['+one', '+two', '-two', '-one'])
    expect(residue).toEqual([])
    expect(outcome).toEqual({ status: 'rejected', reason: broken })
  })

  it('should end a step whose progress nobody can be told of', async () => {
    const { log, step, clock } = harness()
    const broken = new Error('a view that throws')
    const emit = (event: RunEvent) => {
      if (event.type === 'step-progress' && event.stepId === 'one') throw broken
    }
    const telling = step('one', async ({ report }) => {
      report({ text: 'half-way' })
      return 'fine'
    })
    const { outcome } = await withStages({ armId: 'a', clock, signal: new AbortController().signal, emit }, (stages) =>
      stages.run(telling),
    )
    expect(log).toEqual(['+one', '-one'])
    expect(outcome).toEqual({ status: 'rejected', reason: broken })
  })

  it('should let a step tell of its progress only as long as it goes on (review 16)', async () => {
    const { step, run, events } = harness()
    const late: (() => void)[] = []
    const chatty = step('one', async ({ report }) => {
      late.push(() => report({ text: 'too late' }))
      report({ text: 'in time' })
      return 'fine'
    })
    await run(async (stages) => {
      await stages.run(chatty)
      for (const tell of late) tell()
      return stages.run(step('two', fine))
    })
    const told = events.flatMap((event) => (event.type === 'step-progress' && event.stepId === 'one' ? event.text : []))
    expect(told).toEqual(['in time'])
  })

  it('should let a tear-down whose budget is over say what is left', async () => {
    const { run, clock } = harness()
    const stuck: Step<string> = {
      id: 'one',
      title: 'Step one',
      timeoutMs: 5000,
      setUp: fine,
      tearDown: {
        budgetMs: 200,
        run: ({ signal }) =>
          clock.sleep(10_000, signal).catch(() => Promise.reject(new Failure('residue', 'namespace a is still there'))),
      },
    }
    const { residue } = await run((stages) => stages.run(stuck))
    expect(residue).toEqual(['Step one: namespace a is still there'])
    expect(clock.sleepers()).toBe(0)
  })

  it('should end the running step and still tear down in full when interrupted (fault 18)', async () => {
    const { log, step, run, interrupt, clock } = harness()
    const slowCleanUp = async () => clock.sleep(500)
    const interrupted = step('two', () => {
      queueMicrotask(() => interrupt.abort(new Failure('interrupted', 'interrupted by SIGINT')))
      return never()
    })
    const { outcome, residue } = await run(
      async (stages) => (await stages.run(step('one', fine, slowCleanUp))) + (await stages.run(interrupted)),
    )
    expect(outcome).toMatchObject({ status: 'rejected', reason: { kind: 'interrupted' } })
    expect(log).toEqual(['+one', '+two', '-two', '-one'])
    expect(residue).toEqual([])
  })

  it('should begin no further step when it was interrupted between two', async () => {
    const { log, step, run, interrupt } = harness()
    const { outcome } = await run(async (stages) => {
      await stages.run(step('one', fine))
      interrupt.abort(new Failure('interrupted', 'interrupted by SIGINT'))
      return stages.run(step('two', fine))
    })
    expect(outcome).toMatchObject({ status: 'rejected', reason: { kind: 'interrupted' } })
    expect(log).toEqual(['+one', '-one'])
  })

  it('should end the running step at once when the cluster breaks', async () => {
    const { step, run, clock } = harness()
    const broken = new AbortController()
    const startedMs = clock.nowMs()
    const { outcome } = await run(async (stages) => {
      stages.endOn(broken.signal)
      return stages.run(
        step('probe', () => {
          queueMicrotask(() => broken.abort(new Failure('infrastructure', 'kube-apiserver died')))
          return never()
        }),
      )
    })
    expect(outcome).toMatchObject({ status: 'rejected', reason: { message: 'kube-apiserver died' } })
    expect(clock.nowMs() - startedMs).toBeLessThan(5000)
  })
})
