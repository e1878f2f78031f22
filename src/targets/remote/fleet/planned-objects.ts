import type { ManifestOptions } from '../../../fleet/manifests.ts'
import {
  certificatesOf,
  namespaceOf,
  ownLabels,
  serviceAccountOf,
  settingsOf,
  statefulSetOf,
} from '../../../fleet/manifests.ts'
import { groupPods, nodeName } from '../../../fleet/pods.ts'
import type { KubeObject } from '../../../kube/resources.ts'
import { requestName } from './identities.ts'

/** What a hollow fleet consists of, by the cluster that it is created on. */
export interface PlannedFleetObjects {
  host: KubeObject[]
  target: KubeObject[]
}

/** Stands for what only a run knows; values of Secrets are never shown. */
const known = { hosts: ['<chosen when the run begins>'], certificates: '' } as const

/**
 * Everything that `startHollowFleet` would create on the host cluster and, by its pods, on the target; nothing is asked or created.
 * Certificates and the choice of machines are left open: they are made when the run begins.
 */
export function hollowFleetObjects(options: ManifestOptions): PlannedFleetObjects {
  const { spec } = options
  const groups = groupPods(spec)
  const names = Array.from({ length: spec.nodes }, (_, node) => nodeName(node))
  const wanted = [...names, ...(spec.pods.proxy ? ['proxy'] : [])]
  const labels = ownLabels(options)
  const named = (apiVersion: string, kind: string, name: string): KubeObject => ({
    apiVersion,
    kind,
    metadata: { name, labels },
  })
  return {
    host: [
      namespaceOf(options),
      serviceAccountOf(options),
      settingsOf(options),
      ...groups.flatMap((group) => [
        certificatesOf(options, group, () => known.certificates),
        statefulSetOf(options, group, known.hosts),
      ]),
    ],
    target: [
      ...(spec.pods.identity === 'csr'
        ? wanted.map((name) => named('certificates.k8s.io/v1', 'CertificateSigningRequest', requestName(options, name)))
        : []),
      ...names.map((name) => named('v1', 'Node', name)),
    ],
  }
}
