import { describe, expect, it } from 'vitest'
import type { FailureKind } from '../base/errors.ts'
import { Failure } from '../base/errors.ts'
import type { Result } from '../result/result.ts'
import { sampleResult } from '../testing/results.ts'
import { exitCodeIn, exitCodeOf, exitCodeOfError, finalStatus } from './exit.ts'

const result = (verdict: Result['verdict'], residue: string[] = []) =>
  ({ verdict, arms: [{ residue }] }) as unknown as Result

describe('exitCodeOf', () => {
  it('should tell pass, missed threshold and inconclusive apart', () => {
    const codes = (['pass', 'fail', 'inconclusive'] as const).map((verdict) =>
      exitCodeOf({ result: result(verdict) }, undefined),
    )
    expect(codes).toEqual([0, 1, 4])
  })

  it('should let residue outrank everything', () => {
    const error = new Failure('interrupted', 'interrupted by SIGINT')
    expect(exitCodeOf({ result: result('inconclusive', ['namespace x']), error }, 'SIGINT')).toBe(6)
  })

  it('should tell the signal that interrupted the run', () => {
    const error = new Failure('interrupted', 'interrupted')
    expect(exitCodeOf({ result: result('inconclusive'), error }, 'SIGINT')).toBe(130)
    expect(exitCodeOf({ result: result('inconclusive'), error }, 'SIGTERM')).toBe(143)
  })
})

describe('exitCodeOfError', () => {
  it.each<[FailureKind, number]>([
    ['bad-input', 2],
    ['safety-refusal', 3],
    ['inconclusive', 4],
    ['lost', 4],
    ['infrastructure', 5],
    ['residue', 6],
  ])('should be the documented one for %s', (kind, code) => {
    expect(exitCodeOfError(new Failure(kind, 'x'), undefined)).toBe(code)
  })

  it('should call everything else a bug', () => {
    expect(exitCodeOfError(new TypeError('x is not a function'), undefined)).toBe(70)
  })
})

describe('finalStatus', () => {
  const bugs = new Set([new TypeError('odd')])
  const none = new Set()

  it('should be 70 after a bug, whatever the run came to, but for what was left behind', () => {
    expect([0, 1, 5, 130].map((status) => finalStatus(status, { bugs, hasFailed: false }))).toEqual([70, 70, 70, 70])
    expect(finalStatus(6, { bugs, hasFailed: true })).toBe(6)
  })

  it('should not be 0 when what was printed is lost', () => {
    expect([0, 1, 143].map((status) => finalStatus(status, { bugs: none, hasFailed: true }))).toEqual([5, 1, 143])
  })
})

describe('exitCodeIn', () => {
  it.each([
    [{ verdict: 'fail' }, 1],
    [{ verdict: 'inconclusive' }, 4],
    [{ endedBy: 'infrastructure', ending: 'etcd died' }, 5],
    [{ endedBy: 'lost', ending: 'the Lease is lost' }, 4],
    [{ endedBy: 'bug', ending: 'x is undefined' }, 70],
    [{ endedBy: 'interrupted', ending: 'interrupted by SIGINT' }, 130],
    [{ endedBy: 'interrupted', ending: 'interrupted by SIGHUP' }, 143],
  ] as const)('should be what the run itself ended with: %j', (changes, expected) => {
    expect(exitCodeIn(sampleResult(changes))).toBe(expected)
  })
})
