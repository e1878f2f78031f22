import { describe, expect, it } from 'vitest'
import type { ObjectRef, Patch } from '../../kube/api.ts'
import type { ConfigMap } from '../../kube/resources.ts'
import { benchForTests, refusalOf } from '../../testing/model-objects.ts'
import { patched } from './patches.ts'

const ref: ObjectRef<'configmaps'> = { resource: 'configmaps', namespace: 'ns', name: 'm' }

function setUp() {
  const { objects } = benchForTests()
  const patch = (one: Patch) => patched(objects, { verb: 'patch', ref, patch: one }) as ConfigMap
  const applyAs = (fieldManager: string, data: Record<string, string>, rest: { force?: true; body?: object } = {}) => {
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'm' }, data, ...rest.body }
    return patch({ type: 'apply', body, fieldManager, ...(rest.force && { force: true }) })
  }
  return { objects, patch, applyAs }
}

describe('server-side apply', () => {
  it('should conflict with whoever created or changed a field when that was no apply', () => {
    const { objects, patch, applyAs } = setUp()
    objects.create('configmaps', { metadata: { name: 'm', namespace: 'ns' }, data: { a: '1', b: '1' } })
    const conflict = '409 Conflict: Apply failed with 1 conflict: conflict with "scale-test" using v1: .data.a'
    expect(refusalOf(() => applyAs('one', { a: '2' }))).toBe(conflict)
    expect(applyAs('one', { a: '2' }, { force: true }).data).toEqual({ a: '2', b: '1' })
    expect(applyAs('one', { a: '3' }).data).toEqual({ a: '3', b: '1' })
    applyAs('two', { a: '3' })
    patch({ type: 'merge', body: { data: { a: '4' } } })
    // Nobody else's any more.
    expect(refusalOf(() => applyAs('three', { a: '3' }))).toBe(conflict)
    expect(refusalOf(() => applyAs('one', { a: '3' }))).toBe(conflict)
    // No longer its own, it stays when the manager leaves it out.
    expect(applyAs('one', {}).data).toEqual({ a: '4', b: '1' })
  })

  it('should take a field away when the last of its managers leaves it out', () => {
    const { applyAs } = setUp()
    applyAs('one', { a: '1', b: '1' })
    applyAs('two', { a: '1' })
    expect(applyAs('one', { b: '1' }).data).toEqual({ a: '1', b: '1' })
    expect(applyAs('two', {}).data).toEqual({ b: '1' })
    expect(applyAs('one', {}).data).toBeUndefined()
  })

  it('should list all conflicts by manager when there are several', () => {
    const { applyAs } = setUp()
    applyAs('one', { a: '1', b: '1' })
    applyAs('two', { a: '1' })
    expect(refusalOf(() => applyAs('three', { b: '2', a: '2' }))).toBe(
      '409 Conflict: Apply failed with 3 conflicts: conflicts with "one":\n- .data.a\n- .data.b\nconflicts with "two":\n- .data.a',
    )
  })

  it('should say who manages what, as the real one does', () => {
    const { applyAs } = setUp()
    expect(applyAs('one', { a: '1' }).metadata.managedFields).toEqual([
      { manager: 'one', operation: 'Apply', apiVersion: 'v1', fieldsV1: { 'f:data': { 'f:a': {} } } },
    ])
  })

  it.each([
    [{ kind: 'Secret' }, '400 BadRequest: invalid object type: /v1, Kind=Secret'],
    [{ kind: undefined, apiVersion: undefined }, '400 BadRequest: invalid object type: /, Kind='],
    [
      { metadata: {} },
      '400 BadRequest: the name of the object (m based on URL) was undeterminable: name must be provided',
    ],
    [{ metadata: { name: 'n' } }, '400 BadRequest: the name of the object (n) does not match the name on the URL (m)'],
    [{ metadata: { name: 'm', managedFields: [] } }, '400 BadRequest: metadata.managedFields must be nil'],
  ])('should refuse the body when it has %o', (body, refusal) => {
    const { applyAs } = setUp()
    expect(refusalOf(() => applyAs('one', {}, { body }))).toBe(refusal)
  })
})
