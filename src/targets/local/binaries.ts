import type { Binary, WantedComponents } from '../../components/components.ts'

/** Every program that target local runs. */
export const localBinaries = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'hollow-node',
  'peer-relay',
] as const satisfies readonly Binary[]

/** What target local needs of a Go module in a folder, the one of a version of Kubernetes. */
export function localComponents(sourceFolder: string, kubernetes?: string): WantedComponents {
  return { sourceFolder, kubernetes, binaries: localBinaries }
}
