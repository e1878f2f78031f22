import { basename, join } from 'node:path'
import type { Flags } from '../../src/targets/local/arguments/flags.ts'

/** Flags of the target cluster's components under one profile; an absent component keeps its defaults. */
export interface ProfileFlags {
  'kube-apiserver'?: Flags
  'kube-controller-manager'?: Flags
}

/** Everything the processes of one host cluster have to know; travels between them as `settings.json`. */
export interface Settings {
  /** Part of the name of whatever exists outside of the namespaces. */
  id: string
  /** Absolute. `logs/` outlives the cluster, `state/` does not. */
  folder: string
  /** How many machines the host cluster has. */
  hosts: number
  /** Pods that each machine takes. */
  maxPods: number
  /** Folder of etcd, the control plane's programs, and the host's kubelet. */
  binaries: string
  /** Archives to import on every host. */
  images: string[]
  /** What a machine's containerd starts pods with; one of `images`. */
  pauseImage: string
  profiles: Record<string, ProfileFlags>
}

export const clusterNames = ['host', 'target'] as const
export type ClusterName = (typeof clusterNames)[number]

/** The machine that both control planes run on, as pods and host machines see it. */
export const controlPlaneAddress = '10.99.0.1'
export const prefixLength = 24

/** Who may do what manifests/ grants, and nothing else. */
export const limitedUser = 'scale-test'

/** Ports of one control plane at `controlPlaneAddress`. */
export interface ControlPlanePorts {
  apiserver: number
  etcdClient: number
  etcdPeer: number
  controllerManager: number
  scheduler: number
}

export const ports: Readonly<Record<ClusterName, ControlPlanePorts>> = {
  host: { apiserver: 6443, etcdClient: 2379, etcdPeer: 2380, controllerManager: 10257, scheduler: 10259 },
  target: { apiserver: 7443, etcdClient: 3379, etcdPeer: 3380, controllerManager: 11257, scheduler: 11259 },
}

/** `https://10.99.0.1:<port>` */
export function urlOf(port: number): string {
  return `https://${controlPlaneAddress}:${port}`
}

/** One machine of the host cluster. */
export interface Host {
  /** Of its Node object. */
  name: string
  /** In the network of the machines. */
  address: string
  /** Addresses of its pods. */
  podSubnet: string
  /** Its end of the cable, on the side of the control plane. */
  link: string
  /** Holds its /var and its configuration. */
  folder: string
  /** Below every cgroup hierarchy. */
  cgroup: string
}

/** The machines of a host cluster. */
export function hostsOf({ id, folder, hosts }: Pick<Settings, 'id' | 'folder' | 'hosts'>): Host[] {
  return Array.from({ length: hosts }, (_, index) => ({
    name: `host-${index}`,
    address: `10.99.0.${10 + index}`,
    podSubnet: `10.88.${index}.0/24`,
    link: `host${index}`,
    folder: join(stateFolder(folder), `host-${index}`),
    cgroup: `${cgroupOf(id)}/host-${index}`,
  }))
}

/** The id of a cluster that a process keeps in a folder. */
export function idOf(pid: number, folder: string): string {
  return `${pid}-${basename(folder).toLowerCase()}`
}

/** The one cgroup that all cgroups of the hosts are below, in every hierarchy. */
export function cgroupOf(id: string): string {
  return `/scale-test-${id}`
}

/** Gone when the cluster is. */
export function stateFolder(folder: string): string {
  return join(folder, 'state')
}

/** Stays for whoever looks into what went wrong. */
export function logFolder(folder: string): string {
  return join(folder, 'logs')
}

/** Where the inside can be asked to retune. */
export function socketFile(folder: string): string {
  return join(stateFolder(folder), 'control.sock')
}

/** A kubeconfig of the administrator, or of the user who has the rights of manifests/ only. */
export function kubeconfigFile(folder: string, cluster: ClusterName, user: 'admin' | 'limited' = 'admin'): string {
  return join(stateFolder(folder), cluster, `${user}.kubeconfig`)
}
