import type { SelfSubjectAccessReview } from '../../../kube/resources.ts'
import type { Permission } from '../permissions.ts'
import { permissionsOf } from '../permissions.ts'
import type { Reach } from '../reach.ts'
import { titleOf } from '../reach.ts'
import type { Check } from './check.ts'
import { onEach } from './check.ts'

/** Everything that a run does has to be allowed, deleting included: what cannot be taken away is not to be created. */
export const access: Check = {
  id: 'access',
  title: 'Permissions',
  examine: ({ clusters, plan, work }) =>
    onEach(clusters, async (cluster) => {
      const wanted = permissionsOf(cluster, plan, work).flatMap(reviewsOf)
      const allowed = await Promise.all(wanted.map(({ spec }) => isAllowed(cluster, spec)))
      const missing = wanted.filter((_, index) => allowed[index] !== true)
      if (missing.length === 0) return { notes: [`${titleOf(cluster)}: all ${wanted.length} are granted`] }
      const others = [...new Set(missing.flatMap(({ manifest }) => manifest ?? []))].map(
        (manifest) => `, and manifests/${manifest}`,
      )
      const because = `${titleOf(cluster)}: you may not ${missing.map(({ text }) => text).join(', ')}`
      const next = `Have an administrator of that cluster apply manifests/rbac-${cluster.role}.yaml for the user of this context${others.join('')}`
      return { refusals: [{ because, next }] }
    }),
}

interface Review {
  /** `delete nodes`, `patch leases.coordination.k8s.io/scale-test in kube-system`. */
  text: string
  spec: SelfSubjectAccessReview['spec']
  manifest: Permission['manifest']
}

/** One question per verb and name. */
function reviewsOf(permission: Permission): Review[] {
  const { verbs, manifest } = permission
  if ('path' in permission) {
    const { path } = permission
    return verbs.map((verb) => ({ text: `${verb} ${path}`, spec: { nonResourceAttributes: { verb, path } }, manifest }))
  }
  const { group, namespace, names = [undefined] } = permission
  const [resource = '', subresource] = permission.resource.split('/')
  const qualified = `${resource}${group === '' ? '' : `.${group}`}${subresource === undefined ? '' : `/${subresource}`}`
  const where = namespace === undefined ? '' : ` in ${namespace}`
  return verbs.flatMap((verb) =>
    names.map((name) => ({
      text: `${verb} ${qualified}${name === undefined ? '' : ` ${name}`}${where}`,
      spec: {
        resourceAttributes: {
          verb,
          group,
          resource,
          ...(subresource !== undefined && { subresource }),
          ...(namespace !== undefined && { namespace }),
          ...(name !== undefined && { name }),
        },
      },
      manifest,
    })),
  )
}

async function isAllowed({ api }: Reach, spec: SelfSubjectAccessReview['spec']): Promise<boolean> {
  const { status } = await api.create('selfsubjectaccessreviews', { metadata: {}, spec })
  return status?.allowed === true
}
