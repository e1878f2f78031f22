import type { Unseen } from './seen.ts'

/** Somebody who runs control planes for others, and shows their settings elsewhere. */
export interface Provider {
  name: string
  /** Where the provider shows a control plane's settings. */
  where: string
}

const providers: readonly (Provider & { ofVersion: RegExp; ofNode: RegExp })[] = [
  {
    name: 'Amazon EKS',
    where: 'aws eks describe-cluster --name CLUSTER (encryptionConfig, logging, resourcesVpcConfig)',
    ofVersion: /-eks-/,
    ofNode: /^eks\.amazonaws\.com\//,
  },
  {
    name: 'Google GKE',
    where: 'gcloud container clusters describe CLUSTER (databaseEncryption, loggingConfig, locations)',
    ofVersion: /-gke\./,
    ofNode: /^cloud\.google\.com\/gke-/,
  },
  {
    name: 'Alibaba Cloud ACK',
    where: 'aliyun cs DescribeClusterDetail --ClusterId CLUSTER, or Cluster Information in the ACK console',
    ofVersion: /-aliyun\./,
    ofNode: /^(?:alibabacloud\.com|ack\.aliyun\.com)\/?/,
  },
  {
    name: 'Azure AKS',
    where: 'az aks show --name CLUSTER --resource-group GROUP (apiServerAccessProfile, securityProfile)',
    ofVersion: /^$/,
    ofNode: /^kubernetes\.azure\.com\//,
  },
]

/** What is hidden by whoever runs the control plane. */
export function managedBy({ name, where }: Provider): Unseen {
  return { because: `managed: ${name} runs the control plane`, next: `The provider shows it: ${where}` }
}

/** Why something of the control plane cannot be seen: the provider hides it, or else what was found. */
export function hiddenBy(managed: Provider | undefined, otherwise: Unseen): Unseen {
  return managed === undefined ? otherwise : managedBy(managed)
}

/**
 * Who runs the control plane, by the apiserver's version and the nodes' labels; undefined where it is the cluster's own. A cluster that one
 * builds of a provider's parts has their names as well, so nodes or pods of a control plane count for more.
 */
export function providerOf(
  version: string,
  nodes: readonly { isControlPlane: boolean; labels: readonly string[] }[],
): Provider | undefined {
  if (nodes.some(({ isControlPlane }) => isControlPlane)) return undefined
  return providers.find(
    ({ ofVersion, ofNode }) =>
      (version !== '' && ofVersion.test(version)) ||
      nodes.some(({ labels }) => labels.some((label) => ofNode.test(label))),
  )
}
