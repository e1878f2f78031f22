import { excerpt } from '../base/excerpt.ts'
import type { Written } from './written.ts'
import { isEmpty } from './written.ts'

/** What a file is wanted for. */
export type Role = 'plan' | 'clusters' | 'fragment' | 'profile'

/** Fields that nothing but a plan has, where `name` or `description` may be anybody's. */
const fieldsOfPlansAlone = ['fleet', 'workload', 'arms', 'probes', 'thresholds', 'simulation', 'remote']
const fieldsOfProfilesAlone = ['set', 'extends']

const wantedAs: Readonly<Record<Role, string>> = {
  plan: 'a plan',
  clusters: 'a file of clusters',
  fragment: 'part of a plan',
  profile: 'a profile',
}

/** What tells a file of this role from others. */
function tellingOf(role: Role): readonly string[] {
  return role === 'profile' ? fieldsOfProfilesAlone : fieldsOfPlansAlone
}

/** What a file is that is not what it is wanted for; undefined when it is. What it holds is not told. `fields` are those that it may have. */
export function otherThan(role: Role, root: Written, fields: readonly string[]): string | undefined {
  const wanted = wantedAs[role]
  const telling = tellingOf(role)
  if (root.kind !== 'map') {
    if (isEmpty(root)) return role === 'fragment' ? undefined : `is empty; expected ${wanted}`
    return `is not ${wanted}: expected fields such as ${telling.slice(0, 3).join(', ')}, found ${root.kind === 'list' ? 'a list' : 'a single value'}`
  }
  const keys = [...root.entries.keys()]
  if (keys.some((key) => telling.includes(key)) || keys.every((key) => fields.includes(key))) return undefined
  const text = (key: string) => {
    const value = root.entries.get(key)?.value
    return value?.kind === 'scalar' && typeof value.value === 'string' ? value.value : ''
  }
  const isOfPlan = text('apiVersion').startsWith('scale-test/')
  if (isOfPlan) return role === 'profile' ? 'is a plan, not a profile' : undefined
  if (text('kind') === 'Config')
    return role === 'clusters'
      ? 'is a kubeconfig, not a file of clusters; write a file that names it, remote: { targets: [{ kubeconfig: FILE, context: CONTEXT }] }'
      : `is a kubeconfig, not ${wanted}`
  if (text('kind') !== '') return `is a Kubernetes ${excerpt(text('kind'))}, not ${wanted}`
  return `is not ${wanted}: it has none of the fields ${telling.join(', ')}`
}

/** Whether a text that is no YAML was to be what it is wanted for. Looks within lines: each begins once, whatever stands before it. */
export function hasFieldOf(role: Role, text: string): boolean {
  const version = role === 'profile' ? '' : `apiVersion["']?[ \\t]*:[ \\t]*["']?scale-test/|`
  return new RegExp(`(?:^|[{,])[ \\t]*["']?(?:${version}(?:${tellingOf(role).join('|')})["']?[ \\t]*:)`, 'm').test(text)
}
