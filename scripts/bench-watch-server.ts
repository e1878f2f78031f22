import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import process from 'node:process'
import type { TestCertificates } from '../src/testing/certificates.ts'

// However the bench ends, its server ends with it.
process.once('disconnect', () => process.exit())

/** Changes that a watch shows of each pod: created, bound, started, Ready. */
const changes = 4

/**
 * An apiserver that has no pods. The first watch shows so many come and become Ready, and then ends, since its version has expired: so the
 * client lists them all. The second watch shows one change.
 */
process.once('message', ({ certificates, pods }: { certificates: TestCertificates; pods: number }) => {
  const { ca, server } = certificates
  const last = 1 + pods * changes
  let isFilled = false
  const listener = createServer({ ...server, ca, requestCert: true }, async (request, response) => {
    const query = new URL(request.url ?? '', 'https://localhost').searchParams
    response.writeHead(200, { 'content-type': 'application/json' })
    if (query.get('watch') !== 'true') return void response.end(JSON.stringify(pageOf(query, isFilled ? pods : 0)))
    if (isFilled) return void response.write(event('MODIFIED', podAt(0, changes, last + 1)))
    await fill(response)
    isFilled = true
    const status = {
      kind: 'Status',
      apiVersion: 'v1',
      status: 'Failure',
      code: 410,
      reason: 'Expired',
      message: 'too old',
    }
    response.end(event('ERROR', status))
  })

  function pageOf(query: URLSearchParams, there: number): object {
    const from = Number(query.get('continue') ?? 0)
    const to = Math.min(there, from + Number(query.get('limit')))
    const rest = to < there ? { continue: String(to) } : {}
    const items = Array.from({ length: to - from }, (_, index) => podAt(from + index, changes, from + index))
    return {
      kind: 'PodList',
      apiVersion: 'v1',
      metadata: { resourceVersion: String(there === 0 ? 1 : last), ...rest },
      items,
    }
  }

  /** All pods are created, then all bound, and so on: as many as can be are on their way at once. */
  async function fill(response: ServerResponse): Promise<void> {
    let version = 1
    for (let change = 1; change <= changes; change++)
      for (let pod = 0; pod < pods; pod++)
        if (!response.write(event(change === 1 ? 'ADDED' : 'MODIFIED', podAt(pod, change, ++version))))
          await once(response, 'drain')
  }

  listener.listen(0, '127.0.0.1', () => {
    const address = listener.address()
    if (typeof address === 'object' && address !== null) process.send?.(address.port)
  })
})

function event(type: string, object: object): string {
  return `${JSON.stringify({ type, object })}\n`
}

/** A pod after so many changes: of about 4 KB, as one of a Deployment is with its managed fields. */
function podAt(index: number, change: number, version: number): object {
  const name = `workload-${Math.floor(index / 20)}-6f7d9c8b5-${index.toString(36).padStart(5, '0')}`
  const isReady = change === changes
  return {
    metadata: {
      name,
      namespace: `scale-test-small-${index % 50}`,
      uid: `00000000-0000-4000-8000-${index.toString(16).padStart(12, '0')}`,
      resourceVersion: String(version),
      creationTimestamp: '2026-01-01T00:00:00Z',
      labels: { app: name.slice(0, -6), 'pod-template-hash': '6f7d9c8b5', 'scale-test/run': 'bench-memory' },
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: 'ReplicaSet',
          name: name.slice(0, -6),
          uid: `replicaset-${Math.floor(index / 20)}`,
          controller: true,
        },
      ],
      managedFields: [{ manager: 'kubelet', operation: 'Update', fieldsV1: { filler: 'x'.repeat(1800) } }],
    },
    spec: {
      ...(change >= 2 && { nodeName: `hollow-${index % 5000}` }),
      containers: [
        { name: 'pause', image: 'registry.k8s.io/pause:3.10', env: [{ name: 'FILLER', value: 'x'.repeat(1200) }] },
      ],
    },
    status: {
      phase: change >= 3 ? 'Running' : 'Pending',
      conditions: ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready'].map((type) => ({
        type,
        status: isReady || (type === 'PodScheduled' && change >= 2) ? 'True' : 'False',
        lastTransitionTime: '2026-01-01T00:00:00Z',
      })),
    },
  }
}
