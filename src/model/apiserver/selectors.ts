import type { ListQuery, ResourceName } from '../../kube/api.ts'
import type { KubeObject } from '../../kube/resources.ts'
import { parseLabelSelector } from './label-selector.ts'
import { badRequest } from './refusals.ts'

/** Whether an object is selected. */
export type Selection = (object: KubeObject) => boolean

/** What a list or watch selects, apart from its namespace. Throws `ApiError` 400 for what cannot be understood. */
export function selectionOf({ resource, labelSelector = '', fieldSelector = '' }: ListQuery): Selection | undefined {
  const tests = [...labelTests(labelSelector), ...fieldTests(resource, fieldSelector)]
  const [only] = tests
  if (only === undefined) return undefined
  return tests.length === 1 ? only : (object) => tests.every((test) => test(object))
}

const noLabels = Object.freeze({})

function labelTests(selector: string): Selection[] {
  try {
    return parseLabelSelector(selector).map(
      (test) =>
        ({ metadata }) =>
          test(metadata.labels ?? noLabels),
    )
  } catch (error) {
    throw badRequest((error as Error).message)
  }
}

const byNameAndNamespace = ['metadata.name', 'metadata.namespace']

/** What objects can be selected by where their kind says so itself (pkg/apis/core/v1/conversion.go); the rest have name and namespace. */
const selectableFields: Partial<Record<ResourceName, readonly string[]>> = {
  pods: [
    ...byNameAndNamespace,
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'spec.hostNetwork',
    'status.phase',
    'status.podIP',
    'status.podIPs',
    'status.nominatedNodeName',
  ],
  nodes: ['metadata.name', 'spec.unschedulable'],
  namespaces: ['metadata.name', 'status.phase'],
  secrets: [...byNameAndNamespace, 'type'],
  services: [...byNameAndNamespace, 'spec.clusterIP', 'spec.type'],
}

/** Fields that are `false` when they are absent. */
const switches: ReadonlySet<string> = new Set(['spec.hostNetwork', 'spec.unschedulable'])

function fieldTests(resource: ResourceName, selector: string): Selection[] {
  // A comma that belongs to a value has a backslash in front.
  const parts = selector.split(/(?<!\\),/).filter((part) => part !== '')
  return parts.map((part) => {
    const [, field = '', operator, escaped = ''] = /^([^=!]*)(==|=|!=)(.*)$/.exec(part) ?? []
    if (operator === undefined) throw badRequest(`invalid selector: '${selector}'; can't understand '${part}'`)
    const own = selectableFields[resource]
    if (own !== undefined && !own.includes(field)) throw badRequest(`field label not supported: ${field}`)
    if (own === undefined && !byNameAndNamespace.includes(field))
      throw badRequest(
        `"${field}" is not a known field selector: only ${byNameAndNamespace.map((name) => `"${name}"`).join(', ')}`,
      )
    const [section = '', name = ''] = field.split('.')
    const absent = switches.has(field) ? 'false' : ''
    const value = escaped.replace(/\\(.)/g, '$1')
    const isWanted = operator !== '!='
    return (object) => {
      const held = (object as unknown as Record<string, unknown>)[section]
      const found = name === '' ? held : (held as Record<string, unknown> | undefined)?.[name]
      return (String(found ?? absent) === value) === isWanted
    }
  })
}
