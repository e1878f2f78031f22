import { describe, expect, it } from 'vitest'
import { refusalOf } from '../../testing/model-objects.ts'
import { patchedByJson } from './json-patch.ts'

const object = { data: { a: '1' }, list: ['x', 'y', 'z'], 'with/slash~': 'kept' }

describe('patchedByJson', () => {
  it.each([
    ['inserts before an index', { op: 'add', path: '/list/1', value: 'w' }, { list: ['x', 'w', 'y', 'z'] }],
    ['appends', { op: 'add', path: '/list/-', value: 'w' }, { list: ['x', 'y', 'z', 'w'] }],
    ['adds just after the end', { op: 'add', path: '/list/3', value: 'w' }, { list: ['x', 'y', 'z', 'w'] }],
    ['counts from the end', { op: 'replace', path: '/list/-1', value: 'w' }, { list: ['x', 'y', 'w'] }],
    ['removes from a list', { op: 'remove', path: '/list/0' }, { list: ['y', 'z'] }],
    ['replaces what is not there', { op: 'replace', path: '/data/b', value: '2' }, { data: { a: '1', b: '2' } }],
    ['moves', { op: 'move', from: '/data/a', path: '/data/b' }, { data: { b: '1' } }],
    ['copies', { op: 'copy', from: '/list', path: '/data/b' }, { data: { a: '1', b: ['x', 'y', 'z'] } }],
    ['takes absent for null', { op: 'test', path: '/data/b', value: null }, {}],
    ['reads escaped keys', { op: 'test', path: '/with~1slash~0', value: 'kept' }, {}],
  ])('should change the object when a step %s', (_, step, changed) => {
    expect(patchedByJson(object, [step])).toEqual({ ...object, ...changed })
  })

  it.each([
    { op: 'remove', path: '/data/b' },
    { op: 'remove', path: '/none/b' },
    { op: 'remove', path: '' },
    { op: 'add', path: '/none/b', value: '1' },
    { op: 'add', path: '/list/4', value: '1' },
    { op: 'add', path: '/list/first', value: '1' },
    { op: 'replace', path: '/list/3', value: '1' },
    { op: 'replace', path: '/list/-4', value: '1' },
    { op: 'move', from: '/data/b', path: '/data/c' },
    { op: 'test', path: '/data/a', value: '2' },
    { op: 'test', path: '/none/a', value: '1' },
    { op: 'add', path: '/__proto__/polluted', value: '1' },
    { op: 'merge', path: '/data', value: {} },
  ])('should refuse the patch when a step is %o', (step) => {
    expect(refusalOf(() => patchedByJson(object, [step]))).toMatch(/^422 Invalid: the server rejected/)
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false)
  })

  it('should leave the object that it is given alone', () => {
    patchedByJson(object, [{ op: 'remove', path: '/list/0' }])
    expect(object.list).toEqual(['x', 'y', 'z'])
  })
})
