import { containerStartFlags } from '../../../fleet/hollow-node.ts'
import type { FleetSpec } from '../../target.ts'
import type { Pki } from '../pki.ts'
import { toArguments } from './flags.ts'

/** Nodes that run in one process: `hollow-<first>` and the following ones. */
export interface NodePack {
  first: number
  count: number
}

export interface HollowNodeConfiguration {
  pack: NodePack
  node: FleetSpec['node']
  /** Of a user without credentials: each node makes itself a certificate of its own. */
  kubeconfig: string
  /** KubeletConfiguration files, later ones over earlier ones. */
  configFiles: readonly string[]
  /** Port of the kubelet API; none of the nodes serves it when absent. */
  port?: number
  /** Folder for the kubelets' state. Sockets are bound below it, whose paths the kernel limits to 107 characters. */
  root: string
  pki: Pki
}

const namePrefix = 'hollow'

/** Names of a pack's nodes. */
export function nodeNames({ first, count }: NodePack): string[] {
  return Array.from({ length: count }, (_, index) => `${namePrefix}-${first + index}`)
}

/** Arguments of hollow-node. */
export function hollowNodeArguments(configuration: HollowNodeConfiguration): string[] {
  const { pack, node, kubeconfig, configFiles, port, root, pki } = configuration
  return toArguments({
    kubeconfig,
    config: configFiles.join(','),
    'name-prefix': namePrefix,
    first: String(pack.first),
    count: String(pack.count),
    cpu: String(node.cpu),
    memory: node.memory,
    ...containerStartFlags(node),
    ...(port === undefined ? { serve: 'false' } : { address: '127.0.0.1', 'base-port': String(port) }),
    root,
    'client-ca-cert-file': pki.ca.certFile,
    'client-ca-key-file': pki.ca.keyFile,
  })
}
