import type { ListQuery, ResourceName } from '../../../kube/api.ts'
import type { KubeObject } from '../../../kube/resources.ts'
import { badRequest } from './refusals.ts'

/** Whether an object is selected. */
export type Selection = (object: KubeObject) => boolean

/** What a list or watch selects, apart from its namespace. Throws `ApiError` 400 for what cannot be understood. */
export function selectionOf({ resource, labelSelector, fieldSelector }: ListQuery): Selection | undefined {
  const tests = [
    ...(labelSelector === undefined ? [] : labelTests(labelSelector)),
    ...(fieldSelector === undefined ? [] : fieldTests(resource, fieldSelector)),
  ]
  if (tests.length === 0) return undefined
  return (object) => tests.every((test) => test(object))
}

/** The grammar of apimachinery/pkg/labels/selector.go, without > and <. */
const requirement = /^\s*(?:(!)\s*)?([\w./-]+)\s*(?:(==|=|!=)\s*([\w.-]*)|(in|notin)\s*\(([^)]*)\))?\s*$/

function labelTests(selector: string): Selection[] {
  // Commas within parentheses belong to a set.
  return selector.split(/,(?![^(]*\))/).map((part) => {
    const [matched, not, key = '', operator, value, setOperator, set = ''] = requirement.exec(part) ?? []
    if (matched === undefined) throw badRequest(`unable to parse requirement: ${part}`)
    const labelOf = ({ metadata }: KubeObject) => metadata.labels?.[key]
    if (not !== undefined) return (object) => labelOf(object) === undefined
    if (setOperator !== undefined) {
      const values = new Set(set.split(',').map((one) => one.trim()))
      const isIn = setOperator === 'in'
      // `notin` also selects what does not have the label.
      return (object) => values.has(labelOf(object) ?? '\0') === isIn
    }
    if (operator === '!=') return (object) => labelOf(object) !== value
    if (operator !== undefined) return (object) => labelOf(object) === value
    return (object) => labelOf(object) !== undefined
  })
}

/** Beyond name and namespace, a field can be selected by where its resource's strategy says so (pkg/registry/core/pod/strategy.go). */
const selectableFields: Partial<Record<ResourceName, readonly string[]>> = {
  pods: ['spec.nodeName', 'spec.restartPolicy', 'spec.schedulerName', 'spec.serviceAccountName', 'status.phase'],
  nodes: ['spec.unschedulable'],
  namespaces: ['status.phase'],
  secrets: ['type'],
  services: ['spec.clusterIP', 'spec.type'],
  replicasets: ['status.replicas'],
}

function fieldTests(resource: ResourceName, selector: string): Selection[] {
  return selector.split(',').map((part) => {
    const [, field = '', operator, value = ''] = /^([^=!]+)(==|=|!=)(.*)$/.exec(part) ?? []
    if (operator === undefined) throw badRequest(`invalid selector: '${part}'; can't understand '${part}'`)
    const known = ['metadata.name', 'metadata.namespace', ...(selectableFields[resource] ?? [])]
    if (!known.includes(field)) throw badRequest(`field label not supported: ${field}`)
    const path = field.split('.')
    const isWanted = operator !== '!='
    return (object) => (String(valueAt(object, path) ?? '') === value) === isWanted
  })
}

function valueAt(object: unknown, path: readonly string[]): unknown {
  let value = object
  for (const name of path) value = (value as Record<string, unknown> | undefined)?.[name]
  return value
}
