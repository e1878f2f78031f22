import { describe, expect, it } from 'vitest'
import { ApiError } from '../../kube/api.ts'
import type { Pod } from '../../kube/resources.ts'
import type { Client } from '../client-go/client.ts'
import { createStatusManager } from './status-manager.ts'

type Phase = 'Pending' | 'Running' | 'Succeeded'
const status = (phase: Phase) => ({ phase })
const refOf = (name: string) => ({ namespace: 'ns', name, uid: `uid-${name}` })

/** A status manager whose requests are answered one at a time, when the test says so. */
function benchOf(names: readonly string[]) {
  const pods = new Map<string, Pod>(
    names.map((name) => [name, { metadata: { namespace: 'ns', name, uid: `uid-${name}` }, spec: {} } as Pod]),
  )
  const asked: string[] = []
  const answers: (() => void)[] = []
  const notFound = new ApiError(404, 'NotFound', 'no such pod')
  let failNext: ApiError | undefined
  const take = () => {
    const error = failNext
    failNext = undefined
    return error
  }
  const client = {
    get({ name }: { name: string }, reply: (error?: ApiError, pod?: Pod) => void) {
      asked.push(`GET ${name}`)
      answers.push(() => {
        const [error, pod] = [take(), pods.get(name)]
        if (error !== undefined || pod === undefined) reply(error ?? notFound)
        else reply(undefined, pod)
      })
    },
    update(
      _: string,
      { name }: { name: string },
      __: string,
      change: (pod: Pod) => Pod,
      reply: (error?: ApiError) => void,
    ) {
      asked.push(`PATCH ${name}`)
      answers.push(() => {
        const [error, pod] = [take(), pods.get(name)]
        if (error !== undefined || pod === undefined) return reply(error ?? notFound)
        pods.set(name, change(pod))
        reply()
      })
    },
    delete(
      { name }: { name: string },
      { uid, graceSeconds }: object & { uid?: string; graceSeconds?: number },
      reply: () => void,
    ) {
      asked.push(`DELETE ${name} ${uid} grace ${graceSeconds}`)
      answers.push(() => {
        pods.delete(name)
        reply()
      })
    },
  } as unknown as Client
  const manager = createStatusManager(client)
  return {
    pods,
    asked,
    manager,
    set: (name: string, phase: Phase, options?: { forced?: boolean; finished?: boolean }) =>
      manager.set(refOf(name), status(phase), options),
    /** Answers so many requests; all of them, those that follow as well, when not told how many. */
    answer(count = Number.POSITIVE_INFINITY) {
      for (let left = count; left > 0; left--) {
        const next = answers.shift()
        if (next === undefined) return
        next()
      }
    },
    failNextWith(error: ApiError) {
      failNext = error
    },
    markForDeletion(name: string) {
      const pod = pods.get(name)
      if (pod === undefined) throw new Error(`no pod ${name}`)
      pods.set(name, { ...pod, metadata: { ...pod.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } })
    },
  }
}

describe('the status manager', () => {
  it('should read a pod, write its status and be done', () => {
    const { set, answer, asked, pods } = benchOf(['a'])
    set('a', 'Running')
    answer()
    expect(asked).toEqual(['GET a', 'PATCH a'])
    expect(pods.get('a')?.status).toEqual({ phase: 'Running' })
  })

  it('should send one request at a time', () => {
    const { set, answer, asked } = benchOf(['a', 'b'])
    set('a', 'Running')
    set('b', 'Running')
    expect(asked).toEqual(['GET a'])
    answer(1)
    expect(asked).toEqual(['GET a', 'PATCH a'])
    answer(1)
    expect(asked).toEqual(['GET a', 'PATCH a', 'GET b'])
  })

  it('should never write versions that were overtaken while it was busy', () => {
    const { set, answer, asked, pods } = benchOf(['a', 'b'])
    set('a', 'Running')
    for (const phase of ['Pending', 'Running', 'Succeeded'] as const) set('b', phase)
    answer()
    expect(asked.filter((one) => one.endsWith(' b'))).toEqual(['GET b', 'PATCH b'])
    expect(pods.get('b')?.status).toEqual({ phase: 'Succeeded' })
  })

  it('should write statuses as they were when its walk began, and newer ones in the next walk', () => {
    const { set, answer, asked, pods } = benchOf(['a', 'b', 'c'])
    set('a', 'Running')
    set('b', 'Pending')
    set('c', 'Pending')
    // The walk over a is over: that over b and c begins.
    answer(2)
    set('c', 'Running')
    answer(4)
    expect(pods.get('c')?.status).toEqual({ phase: 'Pending' })
    answer()
    expect(asked.filter((one) => one.endsWith(' c'))).toEqual(['GET c', 'PATCH c', 'GET c', 'PATCH c'])
    expect(pods.get('c')?.status).toEqual({ phase: 'Running' })
  })

  it('should not write what is there already, and not look at what is no news unless it is forced to', () => {
    const { set, answer, asked } = benchOf(['a'])
    set('a', 'Running')
    answer()
    set('a', 'Running')
    answer()
    expect(asked).toEqual(['GET a', 'PATCH a'])
    set('a', 'Running', { forced: true })
    answer()
    expect(asked).toEqual(['GET a', 'PATCH a', 'GET a'])
  })

  it('should delete a pod of which nothing is left, by its UID and without grace', () => {
    const { set, answer, asked, pods, markForDeletion } = benchOf(['a'])
    markForDeletion('a')
    set('a', 'Succeeded', { forced: true, finished: true })
    answer()
    expect(asked).toEqual(['GET a', 'PATCH a', 'DELETE a uid-a grace 0'])
    expect(pods.size).toBe(0)
  })

  it('should not delete a pod that nobody has deleted', () => {
    const { set, answer, pods } = benchOf(['a'])
    set('a', 'Succeeded', { finished: true })
    answer()
    expect(pods.size).toBe(1)
  })

  it('should leave a pod alone that has taken the place of its own', () => {
    const { set, answer, asked, pods } = benchOf(['a'])
    pods.set('a', { metadata: { namespace: 'ns', name: 'a', uid: 'another' }, spec: {} } as Pod)
    set('a', 'Running')
    answer()
    expect(asked).toEqual(['GET a'])
  })

  it('should try again what failed, and forget a pod that is gone', () => {
    const { set, answer, asked, failNextWith, pods } = benchOf(['a', 'b'])
    failNextWith(new ApiError(503, 'ServiceUnavailable', 'try again'))
    set('a', 'Running')
    answer()
    expect(asked).toEqual(['GET a', 'GET a', 'PATCH a'])
    pods.delete('b')
    set('b', 'Running')
    answer()
    expect(asked.slice(3)).toEqual(['GET b'])
  })

  it('should ask for nothing any more once it is stopped', () => {
    const { set, answer, asked, manager } = benchOf(['a', 'b'])
    set('a', 'Running')
    set('b', 'Running')
    answer(1)
    manager.stop()
    answer()
    expect(asked).toEqual(['GET a', 'PATCH a'])
  })
})
