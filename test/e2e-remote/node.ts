import { kubeletFile } from '../../src/tuning/render.ts'

/** Where a kubelet finds containerd, on every machine. */
const containerdSocket = '/run/containerd/containerd.sock'

/** Settings that a kubelet would write, for all of the machine: it gets files of its own that already have its values. */
export const kernelSettings: Readonly<Record<string, string>> = {
  'vm/overcommit_memory': '1',
  'vm/panic_on_oom': '0',
  'kernel/panic': '10',
  'kernel/panic_on_oops': '1',
  'kernel/keys/root_maxkeys': '1000000',
  'kernel/keys/root_maxbytes': '25000000',
}

/** The file that stands in for a kernel setting. */
export function kernelSettingFile(path: string): string {
  return path.replaceAll('/', '.')
}

/** Version 2 of the format is read by containerd 1.6, which Debian 12 has, and by all later ones. */
export function containerdConfiguration(cniFolder: string, pauseImage: string): string {
  return `version = 2

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${pauseImage}"
  disable_apparmor = true
  # In a container, even root may not go below the score it was given.
  restrict_oom_score_adj = true

  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${cniFolder}"

  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"

    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = false
`
}

/** The network of a machine's pods, for CNI. */
export function podNetwork(podSubnet: string): object {
  return {
    cniVersion: '0.4.0',
    name: 'pods',
    plugins: [
      {
        type: 'bridge',
        bridge: 'cni0',
        isGateway: true,
        ipam: { type: 'host-local', subnet: podSubnet, routes: [{ dst: '0.0.0.0/0' }] },
      },
    ],
  }
}

/** A kubelet of a machine: where it answers, and files that are there already. */
export interface KubeletOptions {
  address: string
  clientCaFile: string
  certFile: string
  keyFile: string
}

/** What the kubelet of a machine in namespaces is told, beside `fields`. */
export function kubeletConfiguration(
  { address, clientCaFile, certFile, keyFile }: KubeletOptions,
  fields: Readonly<Record<string, unknown>>,
): object {
  const off = '0%'
  return kubeletFile({
    address,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: clientCaFile },
    },
    authorization: { mode: 'Webhook' },
    tlsCertFile: certFile,
    tlsPrivateKeyFile: keyFile,
    containerRuntimeEndpoint: `unix://${containerdSocket}`,
    cgroupDriver: 'cgroupfs',
    failCgroupV1: false,
    failSwapOn: false,
    clusterDNS: ['10.0.0.10'],
    clusterDomain: 'cluster.local',
    makeIPTablesUtilChains: false,
    volumePluginDir: '/var/lib/kubelet/volume-plugins',
    // A machine that tests run on may be fuller than a node ought to be.
    evictionHard: {
      'memory.available': off,
      'nodefs.available': off,
      'nodefs.inodesFree': off,
      'imagefs.available': off,
      'imagefs.inodesFree': off,
    },
    imageGCHighThresholdPercent: 100,
    ...fields,
  })
}
