import { runLabel } from '../kube/labels.ts'
import type {
  ConfigMap,
  KubeObject,
  Namespace,
  PodSpec,
  Secret,
  ServiceAccount,
  StatefulSet,
} from '../kube/resources.ts'
import { kubeletFile } from '../tuning/render.ts'
import type { HollowNode } from './hollow-node.ts'
import { containerStartFlags } from './hollow-node.ts'
import type { PodGroup } from './pods.ts'
import { namePrefix, nodesOfPod } from './pods.ts'
import { podResources } from './sizing.ts'

/** Hollow nodes as pods of a host cluster. */
export interface HollowFleetSpec {
  nodes: number
  /** Hollow nodes to a pod; the probe's has one of its own. */
  nodesPerProcess: number
  /** Machines of the host cluster that they are spread over. */
  hosts: number
  node: HollowNode
  /** The kubelets' nodeStatusUpdateFrequency, null where it is not set: by it their processor time is estimated. */
  statusPeriodSeconds: number | null
  pods: {
    image: string
    imagePullPolicy: 'IfNotPresent' | 'Always' | 'Never'
    namespace: string
    /** Label selector of the machines. */
    hostSelector: string
    /** Files of the CA that the target trusts clients by, for `ca`. */
    identity: 'csr' | 'ca'
    ca?: { cert: string; key: string } | undefined
    /** A hollow proxy beside each kubelet. */
    proxy: boolean
    /** Of the hollow nodes. */
    labels: Readonly<Record<string, string>>
    /** Of the hollow nodes, `key=value:Effect`. */
    taints: readonly string[]
    startAtOnce: number
  }
}

/** What the pods need to know of the cluster that their nodes join. */
export interface TargetServer {
  /** `https://host:port`, as the pods reach it. */
  server: string
  /** PEM; absent where the server's certificate is one that everybody trusts. */
  ca?: string | undefined
}

export interface ManifestOptions {
  runId: string
  armId: string
  spec: HollowFleetSpec
  /** Fields of a KubeletConfiguration, the same for all nodes. */
  kubeletConfiguration: Readonly<Record<string, unknown>>
  target: TargetServer
  /** PEM of the CA of the apiserver's client certificate; without one nobody may ask the kubelets anything. */
  kubeletClientCa?: string | undefined
}

/** Tells the arm that an object on a host cluster belongs to. */
const armLabel = 'scale-test/arm'
/** Kubernetes' recommended label for what an application is. */
const nameLabel = 'app.kubernetes.io/name'
/** The StatefulSet that a pod belongs to. */
const groupLabel = 'app.kubernetes.io/component'
const program = 'hollow-node'

/** What a pod's index in its StatefulSet is called by (StatefulSet controller, Kubernetes 1.28 and later). */
const podIndexLabel = 'apps.kubernetes.io/pod-index'
const hostnameLabel = 'kubernetes.io/hostname'

const mounts = {
  settings: '/etc/hollow-node',
  certificates: '/etc/hollow-node-certificates.pem',
  state: '/tmp',
} as const
const kubeletPort = 10250
/** One below the kubelets' own, which go up from there. */
const healthPort = kubeletPort - 1
/** A hollow node ends at once; its files go with the pod. */
const graceSeconds = 5

/** The file of a Secret that has the certificates of one pod's nodes. */
export function certificatesFile(podIndex: number): string {
  return `certificates-${podIndex}.pem`
}

/** The label on all objects of a run, on both clusters. */
export function ownLabels({ runId, armId }: Pick<ManifestOptions, 'runId' | 'armId'>): Record<string, string> {
  return { [nameLabel]: program, [runLabel]: runId, [armLabel]: armId }
}

/** Selects what a run has created. */
export function runSelector(runId: string): string {
  return `${runLabel}=${runId}`
}

/** Selects what a run has created for hollow nodes, on a host cluster that may be its target as well. */
export function hollowSelector(runId: string): string {
  return `${runSelector(runId)},${nameLabel}=${program}`
}

/** The namespace of the pods. Their containers are root, which the Pod Security Standard `baseline` lets them be. */
export function namespaceOf(options: ManifestOptions): Namespace {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name: options.spec.pods.namespace,
      labels: { ...ownLabels(options), 'pod-security.kubernetes.io/enforce': 'baseline' },
    },
  }
}

/** The pods' own account, which nobody gives any right: they have no business on the host cluster. */
export function serviceAccountOf(options: ManifestOptions): ServiceAccount {
  return {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: metadataOf(options, program),
    automountServiceAccountToken: false,
  }
}

/** What all hollow nodes of an arm read, none of it secret: a kubeconfig without credentials, and the kubelets' configuration. */
export function settingsOf(options: ManifestOptions): ConfigMap {
  const { target, kubeletConfiguration, kubeletClientCa } = options
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: metadataOf(options, program),
    data: {
      kubeconfig: asText(kubeconfigOf(target)),
      'kubelet.json': asText(kubeletFile(kubeletConfiguration)),
      ...(kubeletClientCa !== undefined && { 'client-ca.crt': kubeletClientCa }),
    },
  }
}

function kubeconfigOf({ server, ca }: TargetServer): object {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'target',
        cluster: {
          server,
          ...(ca !== undefined && { 'certificate-authority-data': Buffer.from(ca).toString('base64') }),
        },
      },
    ],
    contexts: [{ name: 'target', context: { cluster: 'target', user: '' } }],
    'current-context': 'target',
  }
}

function asText(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`
}

/** The certificates of a group's nodes: a file for each pod, by which `pemOf` gives a node's certificate with its key. */
export function certificatesOf(
  options: ManifestOptions,
  group: PodGroup,
  pemOf: (node: number) => string,
  proxyPem = '',
): Secret {
  const files = Array.from({ length: group.pods }, (_, pod) => {
    const pem = nodesOfPod(group, pod).map(pemOf).join('')
    return [certificatesFile(pod), Buffer.from(pem + proxyPem).toString('base64')] as const
  })
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: metadataOf(options, group.name),
    type: 'Opaque',
    data: Object.fromEntries(files),
  }
}

/** Pods of a group, none of them started yet, on these hosts (values of their hostname label). */
export function statefulSetOf(options: ManifestOptions, group: PodGroup, hosts: readonly string[]): StatefulSet {
  const labels = { ...ownLabels(options), [groupLabel]: group.name }
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { ...metadataOf(options, group.name), labels },
    spec: {
      // Scaled up a few pods at a time, once everything is there.
      replicas: 0,
      serviceName: group.name,
      podManagementPolicy: 'Parallel',
      selector: { matchLabels: { [groupLabel]: group.name, [runLabel]: options.runId } },
      template: { metadata: { labels }, spec: podSpecOf(options, group, hosts) },
    },
  }
}

function podSpecOf(options: ManifestOptions, group: PodGroup, hosts: readonly string[]): PodSpec {
  const { runId, spec } = options
  const { image, imagePullPolicy, proxy } = spec.pods
  const resources = podResources({
    nodes: Math.min(group.nodesPerPod, group.nodes),
    proxy,
    statusPeriodSeconds: spec.statusPeriodSeconds,
  })
  return {
    serviceAccountName: program,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: graceSeconds,
    securityContext: { runAsUser: 0, seccompProfile: { type: 'RuntimeDefault' } },
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: hostnameLabel, operator: 'In', values: [...hosts] }] }],
        },
      },
    },
    // All groups together, evenly: only what the affinity admits is counted.
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: hostnameLabel,
        whenUnsatisfiable: 'DoNotSchedule',
        labelSelector: { matchLabels: { [nameLabel]: program, [runLabel]: runId } },
      },
    ],
    containers: [
      {
        name: program,
        image,
        imagePullPolicy,
        args: argumentsOf(options, group),
        env: [
          { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
          { name: 'POD_INDEX', valueFrom: { fieldRef: { fieldPath: `metadata.labels['${podIndexLabel}']` } } },
        ],
        ports: [{ name: 'health', containerPort: healthPort }],
        readinessProbe: { httpGet: { path: '/readyz', port: 'health' }, periodSeconds: 1, failureThreshold: 1 },
        resources: {
          requests: {
            cpu: `${Math.ceil(resources.cores * 1000)}m`,
            memory: `${Math.ceil(resources.memoryBytes / 2 ** 20)}Mi`,
          },
          limits: { memory: `${Math.ceil(resources.memoryLimitBytes / 2 ** 20)}Mi` },
        },
        // Its last words are then in the pod's status.
        terminationMessagePolicy: 'FallbackToLogsOnError',
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          // The kubelets give the files of volumes to whom their pods run as, and write and remove them afterwards. Each was tried
          // without: pods with fsGroup never start without the first, and mount their tokens late or not at all without the others.
          capabilities: { drop: ['ALL'], add: ['CHOWN', 'DAC_OVERRIDE', 'FOWNER'] },
        },
        volumeMounts: [
          { name: 'settings', mountPath: mounts.settings, readOnly: true },
          {
            name: 'certificates',
            mountPath: mounts.certificates,
            subPathExpr: certificatesFileOfPod,
            readOnly: true,
          },
          { name: 'state', mountPath: mounts.state },
        ],
      },
    ],
    volumes: [
      { name: 'settings', configMap: { name: program } },
      { name: 'certificates', secret: { secretName: group.name, defaultMode: 0o400 } },
      { name: 'state', emptyDir: {} },
    ],
  }
}

/** `certificatesFile`, as Kubernetes puts it together for each pod. */
const certificatesFileOfPod = 'certificates-$(POD_INDEX).pem'

function argumentsOf({ runId, spec, kubeletClientCa }: ManifestOptions, group: PodGroup): string[] {
  const { node, pods } = spec
  const nodeLabels = { ...pods.labels, [runLabel]: runId }
  return toArguments({
    kubeconfig: `${mounts.settings}/kubeconfig`,
    config: `${mounts.settings}/kubelet.json`,
    'name-prefix': namePrefix,
    first: String(group.first),
    count: String(group.nodesPerPod),
    total: String(group.nodes),
    'pack-index': '$(POD_INDEX)',
    cpu: String(node.cpu),
    memory: node.memory,
    ...containerStartFlags(node),
    'node-ip': '$(POD_IP)',
    'node-labels': Object.entries(nodeLabels)
      .map(([key, value]) => `${key}=${value}`)
      .join(','),
    ...(pods.taints.length > 0 && { 'register-with-taints': pods.taints.join(',') }),
    address: '$(POD_IP)',
    ...(kubeletClientCa === undefined
      ? { serve: 'false' }
      : { 'base-port': String(kubeletPort), 'serving-client-ca-file': `${mounts.settings}/client-ca.crt` }),
    'health-port': String(healthPort),
    root: `${mounts.state}/${program}`,
    'certificates-file': mounts.certificates,
    ...(pods.proxy && { proxy: 'true' }),
  })
}

function toArguments(flags: Readonly<Record<string, string>>): string[] {
  return Object.entries(flags).map(([name, value]) => `--${name}=${value}`)
}

function metadataOf(
  options: ManifestOptions,
  name: string,
): KubeObject['metadata'] & { name: string; namespace: string } {
  return { name, namespace: options.spec.pods.namespace, labels: ownLabels(options) }
}
