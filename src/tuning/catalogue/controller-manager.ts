import { meaningOfBurst, meaningOfQps } from '../client-limit.ts'
import type { KnobValue, NamedKnob } from '../knob.ts'
import type { Told } from './forms.ts'
import { duration, flag, whole } from './forms.ts'

const controllerManagerFlag = (name: string, configzPath: string, told: Told): NamedKnob =>
  flag('kube-controller-manager', 'controllerManager', name, { from: '/configz', path: configzPath }, told)

/** None of them starts with less than one worker; each worker is a goroutine from the start. */
const workers = (name: string, configzPath: string, stock: number, of: string, most = 10_000): NamedKnob =>
  controllerManagerFlag(`concurrent-${name}-syncs`, configzPath, {
    type: whole(1, most),
    unit: 'workers',
    stock,
    affects: `how many ${of} at a time`,
  })

const atOnce = (period: KnobValue) => (period === '0s' ? 'changes are written at once' : undefined)

/** What is valid: cmd/kube-controller-manager/app/options, a file for each controller. */
export const controllerManagerKnobs: readonly NamedKnob[] = [
  {
    ...controllerManagerFlag('node-monitor-period', 'NodeLifecycleController.NodeMonitorPeriod', {
      type: duration(100),
      stock: '5s',
      affects: 'how soon a silent node is noticed',
    }),
    // It moved with 1.37.
    readBack: {
      from: '/configz',
      path: 'NodeLifecycleController.NodeMonitorPeriod',
      formerly: 'KubeCloudShared.NodeMonitorPeriod',
    },
  },
  controllerManagerFlag('node-monitor-grace-period', 'NodeLifecycleController.NodeMonitorGracePeriod', {
    type: duration(1000),
    stock: '50s',
    affects: 'how long a node may be silent before its pods are considered lost',
    note: '40 s was the built-in value before 1.32',
  }),
  controllerManagerFlag('kube-api-qps', 'Generic.ClientConnection.qps', {
    type: { kind: 'float' },
    unit: 'requests/s',
    meaningOf: meaningOfQps,
    stock: 20,
    affects: 'how fast each controller works: the ReplicaSet controller creates one pod per request',
  }),
  controllerManagerFlag('kube-api-burst', 'Generic.ClientConnection.burst', {
    type: whole(0),
    unit: 'requests',
    meaningOf: meaningOfBurst,
    stock: 30,
    affects: 'how many requests a controller can send before its qps limits them',
  }),
  workers('deployment', 'DeploymentController.ConcurrentDeploymentSyncs', 5, 'Deployments are rolled out'),
  workers('replicaset', 'ReplicaSetController.ConcurrentRSSyncs', 5, 'ReplicaSets create and delete pods'),
  workers('endpoint', 'EndpointController.ConcurrentEndpointSyncs', 5, "Services' Endpoints are written"),
  // No more than 50 (endpointslicecontroller.go).
  workers(
    'service-endpoint',
    'EndpointSliceController.ConcurrentServiceEndpointSyncs',
    5,
    "Services' EndpointSlices are written",
    50,
  ),
  controllerManagerFlag('endpoint-updates-batch-period', 'EndpointController.EndpointUpdatesBatchPeriod', {
    type: duration(0),
    meaningOf: atOnce,
    stock: '0s',
    affects: 'how long pod changes are batched before Endpoints are written: fewer writes, later updates',
  }),
  controllerManagerFlag('endpointslice-updates-batch-period', 'EndpointSliceController.EndpointUpdatesBatchPeriod', {
    type: duration(0),
    meaningOf: atOnce,
    stock: '0s',
    affects: 'how long pod changes are batched before EndpointSlices are written: fewer writes, later updates',
  }),
  workers('namespace', 'NamespaceController.ConcurrentNamespaceSyncs', 10, 'namespaces are emptied'),
  workers('gc', 'GarbageCollectorController.ConcurrentGCSyncs', 20, 'objects without owners are deleted'),
  workers('job', 'JobController.ConcurrentJobSyncs', 5, 'Jobs create and count their pods'),
  workers('cron-job', 'CronJobController.ConcurrentCronJobSyncs', 5, 'CronJobs start their Jobs'),
  workers('ttl-after-finished', 'TTLAfterFinishedController.ConcurrentTTLSyncs', 5, 'finished Jobs are removed'),
  workers('statefulset', 'StatefulSetController.ConcurrentStatefulSetSyncs', 5, 'StatefulSets create and delete pods'),
  workers('daemonset', 'DaemonSetController.ConcurrentDaemonSetSyncs', 2, 'DaemonSets create and delete pods'),
  workers('rc', 'ReplicationController.ConcurrentRCSyncs', 5, 'ReplicationControllers create and delete pods'),
  workers(
    'horizontal-pod-autoscaler',
    'HPAController.ConcurrentHorizontalPodAutoscalerSyncs',
    5,
    'HorizontalPodAutoscalers are evaluated',
  ),
  workers('resource-quota', 'ResourceQuotaController.ConcurrentResourceQuotaSyncs', 5, 'ResourceQuotas are counted'),
  workers('serviceaccount-token', 'SAController.ConcurrentSATokenSyncs', 5, 'service accounts get token Secrets'),
  workers(
    'ephemeralvolume',
    'EphemeralVolumeController.ConcurrentEphemeralVolumeSyncs',
    5,
    'pods get ephemeral volumes',
  ),
  workers('resourceclaim', 'ResourceClaimController.ConcurrentSyncs', 50, 'ResourceClaims are created and released'),
  {
    ...workers('service', 'ServiceController.ConcurrentServiceSyncs', 1, 'load balancers are set up'),
    note: 'the controller behind it needs a cloud provider: without one it has no effect, and 1.37 no longer has the flag',
  },
]
