import type { Node } from '../../../kube/resources.ts'
import { titleOf } from '../reach.ts'
import type { Check } from './check.ts'
import { onEach } from './check.ts'

const controlPlaneLabel = 'node-role.kubernetes.io/control-plane'
/** What the document asks of a big cluster's architecture and no API tells. */
const unseen =
  "etcd's disks, WAL and snapshots, the network, monitoring and backups were not checked: no API shows them"

/** The document's checklist of what a big cluster is made of, as far as the API shows it. */
export const architecture: Check = {
  id: 'architecture',
  title: 'Architecture',
  examine: ({ clusters, signal }) =>
    onEach(
      clusters.filter(({ role }) => role === 'target'),
      async (cluster) => {
        const nodes: Node[] = []
        const query = { resource: 'nodes', labelSelector: controlPlaneLabel } as const
        for await (const page of cluster.api.list(query, signal)) nodes.push(...page.items)
        const controlPlane =
          nodes.length === 0
            ? 'no control-plane nodes are registered, so their number is unknown'
            : `${nodes.length} control-plane ${nodes.length === 1 ? 'node: the document asks for several' : 'nodes'}`
        return { notes: [`${titleOf(cluster)}: ${controlPlane}`, `${titleOf(cluster)}: ${unseen}`] }
      },
    ),
}
