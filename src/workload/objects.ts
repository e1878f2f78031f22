import type { ConfigMap, Deployment, Event, ObjectMeta, ResourceTypes, Secret, Service } from '../kube/resources.ts'
import { resources } from '../kube/resources.ts'
import type { PlannedWorkload } from '../plan/workload.ts'
import { numbered } from './names.ts'
import { payloads } from './payload.ts'
import type { BallastResource, NamespaceLayout, WorkloadLayout, WorkloadResource } from './workload.ts'
import { ballastResourceOf } from './workload.ts'

/*
 * No object knows of the run that creates it: they follow from the plan and the seed alone, so that two runs, or two
 * machines, can be held to have created the same. Whoever creates them puts the run's label on, and on the pod templates.
 */

/** How the objects of each resource are made. */
const makers: { readonly [R in WorkloadResource]: (layout: WorkloadLayout) => Generator<ResourceTypes[R]> } = {
  namespaces: function* ({ namespaces }) {
    for (const { name } of namespaces) yield head('namespaces', { name })
  },
  configmaps: function* ({ plan, seed, namespaces }) {
    yield* configmaps(
      namespaces,
      'config',
      ({ configmaps }) => configmaps,
      seed,
      plan.configObjects?.configmapSize ?? 0,
    )
  },
  secrets: function* ({ plan, seed, namespaces }) {
    yield* secrets(namespaces, 'secret', ({ secrets }) => secrets, seed, plan.configObjects?.secretSize ?? 0)
  },
  serviceaccounts: function* ({ namespaces }) {
    for (const metadata of named(namespaces, 'account', (namespace) => namespace.serviceAccounts)) {
      yield head('serviceaccounts', metadata)
    }
  },
  services: function* ({ namespaces }) {
    for (const namespace of namespaces) {
      for (let index = 0; index < namespace.services; index++) yield service(namespace, index)
    }
  },
  deployments: function* ({ plan, namespaces }) {
    for (const namespace of namespaces) {
      for (let index = 0; index < namespace.replicas.length; index++) yield deployment(plan, namespace, index)
    }
  },
}

/** Every object of one resource, made one at a time; ballast apart, which has objects of its own. */
export function workloadObjects<R extends WorkloadResource>(
  layout: WorkloadLayout,
  resource: R,
): Generator<ResourceTypes[R]> {
  return makers[resource](layout)
}

/** The objects that are there for their weight alone. */
export function ballastObjects({ plan, seed, namespaces }: WorkloadLayout): Generator<ResourceTypes[BallastResource]> {
  const make = ballastMakers[ballastResourceOf(plan)]
  return make(namespaces, 'ballast', ({ ballast }) => ballast, seed, plan.ballast?.objectSize ?? 0)
}

const ballastMakers = { configmaps, secrets, events } as const

function head<R extends WorkloadResource | BallastResource>(resource: R, metadata: ObjectMeta) {
  const { apiVersion, kind } = resources[resource]
  return { apiVersion, kind, metadata }
}

/** Name and namespace of every object of a kind: `config-01` and so on in each namespace. */
function* named(
  namespaces: readonly NamespaceLayout[],
  prefix: string,
  countOf: (namespace: NamespaceLayout) => number,
): Generator<{ name: string; namespace: string }> {
  for (const namespace of namespaces) {
    const count = countOf(namespace)
    for (let index = 0; index < count; index++)
      yield { name: numbered(prefix, index, count), namespace: namespace.name }
  }
}

function* configmaps(
  namespaces: readonly NamespaceLayout[],
  prefix: string,
  countOf: (namespace: NamespaceLayout) => number,
  seed: number,
  size: number,
): Generator<ConfigMap> {
  const payload = payloads(seed, size)
  for (const metadata of named(namespaces, prefix, countOf)) {
    const data = payload(`${metadata.namespace}/${metadata.name}`)
    yield { ...head('configmaps', metadata), data: { data } }
  }
}

function* secrets(
  namespaces: readonly NamespaceLayout[],
  prefix: string,
  countOf: (namespace: NamespaceLayout) => number,
  seed: number,
  size: number,
): Generator<Secret> {
  const payload = payloads(seed, size)
  for (const metadata of named(namespaces, prefix, countOf)) {
    const value = Buffer.from(payload(`${metadata.namespace}/${metadata.name}`)).toString('base64')
    yield { ...head('secrets', metadata), type: 'Opaque', data: { data: value } }
  }
}

/** Events about their namespace. Of core/v1 the apiserver limits no message (pkg/apis/core/validation/events.go). */
function* events(
  namespaces: readonly NamespaceLayout[],
  prefix: string,
  countOf: (namespace: NamespaceLayout) => number,
  seed: number,
  size: number,
): Generator<Event> {
  const payload = payloads(seed, size)
  for (const metadata of named(namespaces, prefix, countOf)) {
    const { namespace } = metadata
    yield {
      ...head('events', metadata),
      involvedObject: { kind: 'Namespace', name: namespace, namespace },
      reason: 'Ballast',
      type: 'Normal',
      message: payload(`${namespace}/${metadata.name}`),
    }
  }
}

function appName({ replicas }: NamespaceLayout, index: number): string {
  return numbered('app', index, replicas.length)
}

/** Services take the Deployments of their namespace in turn. */
function service(namespace: NamespaceLayout, index: number): Service {
  const { name, services, replicas } = namespace
  const app = replicas.length === 0 ? 'none' : appName(namespace, index % replicas.length)
  return {
    ...head('services', { name: numbered('service', index, services), namespace: name }),
    spec: { selector: { app }, ports: [{ port: 80 }] },
  }
}

function deployment({ pods }: PlannedWorkload, namespace: NamespaceLayout, index: number): Deployment {
  const app = appName(namespace, index)
  const mounts = namespace.mounting[index] === true ? mountsOf(namespace, index) : undefined
  return {
    ...head('deployments', { name: app, namespace: namespace.name, labels: { app } }),
    spec: {
      replicas: namespace.replicas[index] ?? 0,
      selector: { matchLabels: { app } },
      template: {
        metadata: { labels: { app } },
        spec: {
          automountServiceAccountToken: pods.serviceAccountToken,
          enableServiceLinks: pods.serviceLinks,
          containers: [
            {
              name: 'app',
              image: pods.image,
              // An image without a tag would be pulled for every pod, and the kubelet pulls five a second (registryPullQPS).
              imagePullPolicy: 'IfNotPresent',
              ...(mounts !== undefined && { volumeMounts: mounts.volumeMounts }),
            },
          ],
          ...(mounts !== undefined && { volumes: mounts.volumes }),
        },
      },
    },
  }
}

/** One configmap and one secret of the namespace, which the Deployments take in turn. */
function mountsOf({ configmaps: configmapCount, secrets: secretCount }: NamespaceLayout, index: number) {
  return {
    volumeMounts: [
      { name: 'config', mountPath: '/config', readOnly: true },
      { name: 'secret', mountPath: '/secret', readOnly: true },
    ],
    volumes: [
      { name: 'config', configMap: { name: numbered('config', index % configmapCount, configmapCount) } },
      { name: 'secret', secret: { secretName: numbered('secret', index % secretCount, secretCount) } },
    ],
  }
}
