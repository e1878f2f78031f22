import { isApiStatus } from '../../kube/api.ts'
import type { ResourceTypes } from '../../kube/resources.ts'
import { createWorkQueue } from '../client-go/work-queue.ts'
import type { ControlPlane } from '../control-plane.ts'
import { controllerClient } from '../control-plane.ts'

/**
 * Two controllers that give every namespace something (pkg/controller/serviceaccount/serviceaccounts_controller.go and
 * pkg/controller/certificates/rootcacertpublisher): the service account `default`, without which no pod is admitted, and the configmap
 * `kube-root-ca.crt`. Each has its own client and one worker.
 */
export function runNamespaceContentControllers(controlPlane: ControlPlane): void {
  publish(controlPlane, 'serviceaccounts', { queueName: 'serviceaccount', name: 'default' }, (metadata) => ({
    metadata,
  }))
  publish(
    controlPlane,
    'configmaps',
    { queueName: 'root_ca_cert_publisher', name: 'kube-root-ca.crt' },
    (metadata) => ({ metadata, data: { 'ca.crt': 'simulated' } }),
  )
}

function publish<R extends 'serviceaccounts' | 'configmaps'>(
  controlPlane: ControlPlane,
  resource: R,
  { queueName, name }: { queueName: string; name: string },
  make: (metadata: { name: string; namespace: string }) => ResourceTypes[R],
): void {
  const { timeline, server, store } = controlPlane
  const client = controllerClient(controlPlane)
  const isWanted = (namespace: string) => {
    const place = store.get('namespaces', '', namespace)
    return (
      place !== undefined && place.metadata.deletionTimestamp === undefined && !store.get(resource, namespace, name)
    )
  }
  const queue = createWorkQueue(timeline, 1, (namespace, done) => {
    if (!isWanted(namespace)) return done()
    client.create(resource, make({ name, namespace }), (error) => {
      if (error === undefined || isApiStatus(error, 409) || isApiStatus(error, 404) || isApiStatus(error, 403))
        queue.forget(namespace)
      else queue.addRateLimited(namespace)
      done()
    })
  })
  controlPlane.workQueues.set(queueName, queue)
  for (const { metadata } of store.list('namespaces')) queue.add(metadata.name ?? '')
  server.inform('namespaces', ({ type, object }) => {
    if (type !== 'DELETED') queue.add(object.metadata.name ?? '')
  })
  server.inform(resource, ({ type, object }) => {
    if (type === 'DELETED' && object.metadata.name === name) queue.add(object.metadata.namespace ?? '')
  })
}
