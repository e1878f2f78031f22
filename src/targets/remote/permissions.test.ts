import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import type { Permission } from './permissions.ts'
import { allPermissions } from './permissions.ts'

interface Manifest {
  kind: string
  metadata: { name: string; namespace?: string }
  rules?: {
    apiGroups?: string[]
    resources?: string[]
    resourceNames?: string[]
    nonResourceURLs?: string[]
    verbs: string[]
  }[]
  roleRef?: { kind: string; name: string }
}

const manifestsOf = (role: string): Manifest[] =>
  parseAllDocuments(readFileSync(join('manifests', `rbac-${role}.yaml`), 'utf8')).map((one) => one.toJS() as Manifest)

/** What a manifest grants, one text per verb, place and name. */
function granted(role: string): string[] {
  return manifestsOf(role).flatMap(({ rules = [], metadata: { namespace = '' } }) =>
    rules.flatMap(({ apiGroups = [], resources = [], resourceNames = [''], nonResourceURLs = [], verbs }) =>
      verbs.flatMap((verb) => [
        ...nonResourceURLs.map((path) => `${verb} ${path}`),
        ...apiGroups.flatMap((group) =>
          resources.flatMap((resource) =>
            resourceNames.map((name) => `${verb} ${group}/${resource} ${namespace}/${name}`),
          ),
        ),
      ]),
    ),
  )
}

function needed(permissions: readonly Permission[]): string[] {
  return permissions.flatMap((permission) =>
    permission.verbs.flatMap((verb) => {
      if ('path' in permission) return [`${verb} ${permission.path}`]
      const { group, resource, namespace = '', names = [''] } = permission
      return names.map((name) => `${verb} ${group}/${resource} ${namespace}/${name}`)
    }),
  )
}

describe.each(['host', 'target', 'checklist', 'kube-proxy'] as const)('manifests/rbac-%s.yaml', (role) => {
  it('should grant what is needed, and nothing else', () => {
    expect(granted(role).sort()).toEqual(needed(allPermissions(role)).sort())
  })

  it('should bind every role that it has', () => {
    const manifests = manifestsOf(role)
    const roles = manifests
      .filter(({ rules }) => rules !== undefined)
      .map(({ kind, metadata }) => `${kind} ${metadata.name}`)
    const bound = manifests.flatMap(({ roleRef }) => (roleRef === undefined ? [] : `${roleRef.kind} ${roleRef.name}`))
    expect(bound).toEqual(roles)
  })
})
