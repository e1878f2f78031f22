import type { Clock } from '../../src/base/clock.ts'
import type { Credentials } from '../../src/kube/credentials.ts'
import type { KubeObject } from '../../src/kube/resources.ts'
import { createTransport, parseJson } from '../../src/kube/transport.ts'

const rbac = 'rbac.authorization.k8s.io'

/** An object that says what it is. */
export interface Manifest extends KubeObject {
  apiVersion: string
  kind: string
  spec?: object
  status?: object
}

/**
 * What kubeadm grants so that kubelets can join with a certificate of their own (whoever is in group
 * system:bootstrappers may ask for one and gets it, nodes may renew theirs), and the apiserver can reach into them.
 */
export function kubeletRights(): Manifest[] {
  const bind = (name: string, role: string, subject: { kind: 'Group' | 'User'; name: string }) => ({
    apiVersion: `${rbac}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name: `e2e:${name}` },
    roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: role },
    subjects: [{ apiGroup: rbac, ...subject }],
  })
  const requests = 'system:certificates.k8s.io:certificatesigningrequests'
  const bootstrappers = { kind: 'Group', name: 'system:bootstrappers' } as const
  return [
    bind('kubelets-may-ask', 'system:node-bootstrapper', bootstrappers),
    bind('kubelets-are-approved', `${requests}:nodeclient`, bootstrappers),
    bind('kubelets-may-renew', `${requests}:selfnodeclient`, { kind: 'Group', name: 'system:nodes' }),
    bind('apiserver-reaches-kubelets', 'system:kubelet-api-admin', {
      kind: 'User',
      name: 'kube-apiserver-kubelet-client',
    }),
  ]
}

interface ApplyOptions {
  clock: Clock
  signal: AbortSignal
}

/** Writes objects as they are, their status too, by server-side apply; may be repeated. */
export async function applyObjects(
  credentials: Credentials,
  objects: readonly Manifest[],
  { clock, signal }: ApplyOptions,
): Promise<void> {
  await using transport = createTransport({ credentials, clock, signal })
  for (const object of objects) {
    for (const subresource of object.status === undefined ? [''] : ['', '/status']) {
      await transport.send(
        {
          verb: 'patch',
          resource: pluralOf(object),
          method: 'PATCH',
          path: `${pathOf(object)}${subresource}?fieldManager=e2e&force=true`,
          contentType: 'application/apply-patch+yaml',
          body: JSON.stringify(object),
          repeatable: true,
        },
        parseJson,
      )
    }
  }
}

/** Removes objects by name and, as kubectl does, what their controllers made for them. */
export async function deleteObjects(
  credentials: Credentials,
  objects: readonly Manifest[],
  { clock, signal }: ApplyOptions,
): Promise<void> {
  await using transport = createTransport({ credentials, clock, signal })
  for (const object of objects) {
    const call = { verb: 'delete', method: 'DELETE', repeatable: true } as const
    const path = `${pathOf(object)}?propagationPolicy=Background`
    await transport.send({ ...call, resource: pluralOf(object), path }, parseJson)
  }
}

function pluralOf({ kind }: Manifest): string {
  return `${kind.toLowerCase()}s`
}

/** Where an API keeps an object. */
export function pathOf(object: Manifest): string {
  const { apiVersion, metadata } = object
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
  const namespace = metadata.namespace === undefined ? '' : `/namespaces/${metadata.namespace}`
  return `${root}${namespace}/${pluralOf(object)}/${encodeURIComponent(metadata.name ?? '')}`
}
