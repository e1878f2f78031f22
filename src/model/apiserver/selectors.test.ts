import { describe, expect, it } from 'vitest'
import type { Pod } from '../../kube/resources.ts'
import { refusalOf } from '../../testing/model-objects.ts'
import { selectionOf } from './selectors.ts'

const pod: Pod = { metadata: { name: 'a', namespace: 'ns' }, spec: { containers: [] } }
const selects = (fieldSelector: string) => selectionOf({ resource: 'pods', fieldSelector })?.(pod) ?? true

describe('selectionOf', () => {
  it('should take a field for empty, or a switch for off, when it is absent', () => {
    expect(selects('spec.nodeName=')).toBe(true)
    expect(selects('spec.nodeName!=')).toBe(false)
    expect(selects('spec.hostNetwork=false')).toBe(true)
    expect(selects('spec.hostNetwork=')).toBe(false)
  })

  it('should select everything when there is nothing between the commas', () => {
    expect(selectionOf({ resource: 'pods', labelSelector: '', fieldSelector: ',' })).toBeUndefined()
    expect(selects('metadata.name=a,,metadata.namespace=ns')).toBe(true)
  })

  it('should read escaped commas when they belong to a value', () => {
    expect(selects('metadata.name=a\\,b')).toBe(false)
    expect(selects('metadata.name!=a\\,metadata.name=c')).toBe(true)
  })

  it('should refuse a field when its resource cannot be selected by it', () => {
    const refusal = (resource: 'nodes' | 'replicasets', fieldSelector: string) =>
      refusalOf(() => selectionOf({ resource, fieldSelector }))
    expect(refusal('nodes', 'metadata.namespace=x')).toBe(
      '400 BadRequest: field label not supported: metadata.namespace',
    )
    expect(refusal('replicasets', 'status.replicas=1')).toBe(
      '400 BadRequest: "status.replicas" is not a known field selector: only "metadata.name", "metadata.namespace"',
    )
  })
})
