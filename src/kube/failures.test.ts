import { describe, expect, it } from 'vitest'
import type { Failure } from '../base/errors.ts'
import { ApiError } from './api.ts'
import { asFailure, isTransient, isUndone } from './failures.ts'

describe('isTransient', () => {
  it.each([
    [429, 'TooManyRequests', 'too many requests'],
    [503, 'ServiceUnavailable', 'the server is currently unable to handle the request'],
    [500, 'InternalError', 'etcdserver: leader changed'],
    [0, 'ECONNRESET', 'socket hang up'],
    [0, 'ECONNABORTED', 'read ECONNABORTED'],
  ])('should hold for %i %s', (status, reason, message) =>
    expect(isTransient(new ApiError(status, reason, message))).toBe(true),
  )

  it.each([
    [403, 'Forbidden', 'no'],
    [0, 'CERT_HAS_EXPIRED', 'certificate has expired'],
    [500, 'HTTP 500', 'create pods: etcdserver: mvcc: database space exceeded (500 HTTP 500)'],
  ])('should not hold for %i %s: %s', (status, reason, message) =>
    expect(isTransient(new ApiError(status, reason, message))).toBe(false),
  )
})

describe('isUndone', () => {
  it('should hold only where the server has certainly done nothing', () => {
    expect(isUndone(new ApiError(429, 'TooManyRequests', ''))).toBe(true)
    expect(isUndone(new ApiError(0, 'ECONNREFUSED', ''))).toBe(true)
    expect(isUndone(new ApiError(0, 'ECONNRESET', ''))).toBe(false)
    expect(isUndone(new ApiError(503, 'ServiceUnavailable', ''))).toBe(false)
  })
})

describe('asFailure', () => {
  it('should keep apart who is not known and who has no right', () => {
    const next = (status: number) => (asFailure(new ApiError(status, '', 'get pods: no')) as Failure).next
    expect(next(401)).toMatch(/^Log in again/)
    expect(next(403)).toMatch(/^Grant the permissions/)
    expect(next(500)).toBeUndefined()
  })

  it('should name the knob and the commands when etcd is out of space', () => {
    const message = 'create leases: etcdserver: mvcc: database space exceeded (500 HTTP 500)'
    const failure = asFailure(new ApiError(500, 'HTTP 500', message)) as Failure
    expect(failure).toMatchObject({ kind: 'infrastructure', message: `etcd is out of space (NOSPACE): ${message}` })
    expect(failure.next).toMatch(/etcd\.quotaBackendBytes.*compact.*defrag.*disarm/s)
  })
})
