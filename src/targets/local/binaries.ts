import type { Binary, WantedComponents } from '../../components/components.ts'

/** Every program that target local runs. */
export const localBinaries = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'hollow-node',
] as const satisfies readonly Binary[]

/** What target local needs of the Go module in a folder. */
export function localComponents(sourceFolder: string): WantedComponents {
  return { sourceFolder, binaries: localBinaries }
}
