import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { ApiError } from '../../src/kube/api.ts'
import type { Credentials } from '../../src/kube/credentials.ts'
import { connectKubeApi } from '../../src/kube/http.ts'
import type { ConnectOptions, RequestRecord, Transport } from '../../src/kube/transport.ts'
import { createTransport, parseJson } from '../../src/kube/transport.ts'
import { unlessDenied } from '../../src/steps/denials.ts'
import { plannedWork } from '../../src/steps/planned-work.ts'
import { stepKinds } from '../../src/steps/registry.ts'
import { writeKubeconfig } from '../../src/targets/local/kubeconfig.ts'
import type { ClusterApi, Connect } from '../../src/targets/remote/reach.ts'
import { uidOf } from '../../src/targets/remote/reach.ts'
import type { Cluster } from '../../src/targets/target.ts'
import { createTestCertificates } from '../../src/testing/certificates.ts'
import { planForTests } from '../../src/testing/plans.ts'
import { noHosts } from '../../src/testing/tuned-hosts.ts'
import { remove } from '../contract/tools.ts'
import { describeWithComponents } from '../e2e/components.ts'
import { startStandingCluster } from '../e2e/standing-cluster.ts'
import { startFaultyProxy } from './proxy.ts'
import type { Rig } from './rig.ts'
import { endedBy, errorOf, namespace } from './rows/tools.ts'
import { createScript } from './script.ts'
import { describeFaults } from './suite.ts'

/** Much less than usual, of a client whose answers may stay away. */
const answerTimeoutMs = 3000
const retry = { attempts: 4, totalMs: 10_000 }

const clock = systemClock

/** What only a real cluster has. */
interface RealRig extends Rig {
  /** Past the faults, for resources that the product does not know. */
  readonly transport: Transport
}

async function openLocal(): Promise<RealRig> {
  const folder = mkdtempSync(join(tmpdir(), 'scale-test-faults-'))
  await using opening = new AsyncDisposableStack()
  opening.defer(() => rmSync(folder, { recursive: true, force: true }))
  const standing = opening.use(await startStandingCluster(folder))
  const certificates = await createTestCertificates()
  const strange = await createTestCertificates()
  const shown = {
    valid: certificates.server,
    expired: await certificates.expiredServer(),
    strange: strange.server,
  }
  const administrator = standing.credentials.tls as { cert: string; key: string }
  const nobody = await standing.clientFor({ commonName: 'nobody' })
  const script = createScript()
  const proxy = opening.use(await startFaultyProxy(standing.credentials, shown.valid, script))
  const { server } = proxy
  const { ca } = certificates

  const retries = { count: 0, waitedMs: 0 }
  const listeners = new Set<(record: RequestRecord) => void>()
  const credentials: Credentials = { server, tls: { ca }, headers: async () => ({}) }
  const options: ConnectOptions = {
    retry,
    answerTimeoutMs,
    credentials,
    clock,
    onRequest(record) {
      for (const listener of listeners) listener(record)
    },
    onRetry({ waitMs }) {
      retries.count++
      retries.waitedMs += waitMs
    },
  }
  const api = opening.use(connectKubeApi(options))
  const none = () => Promise.reject(new Error('its nodes are there already'))
  const cluster: Cluster = {
    disposable: false,
    api,
    clock,
    versions: {},
    readyMs: null,
    broken: new AbortController().signal,
    startFleet: none,
    removeFleet: none,
    effectiveKnobs: async () => [],
    clientRetries: () => ({ ...retries }),
    onRequest(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    scrape: async () => [],
    processes: () => [],
    [Symbol.asyncDispose]: async () => {},
  }

  const context = 'faults'
  // Whoever it names: the proxy decides as whom it acts.
  const kubeconfig = await writeKubeconfig(join(folder, 'proxied'), { server, ca, name: context }, nobody)
  const uid = await uidOf(standing.api)
  const { nodeNames } = standing
  const base = planForTests({ source: 'none', nodes: nodeNames.length }, { targets: [{ kubeconfig, context, uid }] })
  const plan = { ...base, probes: { ...base.probes, node: { name: nodeNames[0] ?? '' } } }
  const connect: Connect = (to) => {
    const connection = connectKubeApi({ retry, ...to, clock, connections: 160 })
    // A megabyte each, several at a time, and no row is about them: a run goes on without.
    const readText: ClusterApi['readText'] = (path, asked) =>
      path.endsWith('/metrics')
        ? Promise.reject(new ApiError(403, 'Forbidden', `get ${path}: not in these tests`))
        : connection.readText(path, asked)
    return { ...connection, readText }
  }
  const transport = opening.use(createTransport({ credentials: standing.credentials, clock }))
  const owned = opening.move()
  return {
    cluster,
    script,
    transport,
    spoilWatches: proxy.spoilWatches,
    setDown: proxy.setDown,
    present: async (certificate) => proxy.present(shown[certificate]),
    setOutOfSpace: (isFull) => standing.etcd.setAlarm(isFull),
    setRights: (hasRights) => proxy.actAs(hasRights ? administrator : nobody),
    remote: (runId) => ({
      plan,
      work: plannedWork(plan, runId, stepKinds),
      holder: { runId, who: 'anna@build-3' },
      runFolder: folder,
      confirmed: [],
      allowInsecure: [],
      stdinIsTerminal: false,
      onPluginLine: () => {},
      kubernetesVersion: () => 'v1.37.0',
      env: {},
      hostAccess: noHosts,
      clock,
      now: () => new Date(),
      connect,
    }),
    [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose](),
  }
}

function quotas(rig: () => RealRig): void {
  it('should quote the quota that a controller meets when it creates pods (fault 12)', async () => {
    const { cluster, transport } = rig()
    const { api } = cluster
    const resource = 'resourcequotas'
    const path = `/api/v1/namespaces/${namespace}/${resource}`
    const quota = { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'none' }, spec: { hard: { pods: '0' } } }
    const call = { resource, repeatable: true }
    await transport.send({ ...call, verb: 'create', method: 'POST', path, body: JSON.stringify(quota) }, parseJson)
    const labels = { app: 'denied' }
    const spec = { containers: [{ name: 'main', image: 'pause' }] }
    const deployment = await api.create('deployments', {
      metadata: { name: 'denied', namespace },
      spec: { replicas: 1, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
    })
    const waiting = { api, clock, deployments: { namespace }, progress: () => 0, stalledMs: 500 }
    const { status, failure } = endedBy(await errorOf(unlessDenied(waiting, new Promise<void>(() => {}))))
    expect(status).toBe(5)
    expect(failure).toMatchObject({
      message: expect.stringMatching(/^the pods of deployment faults\/denied are denied: .*exceeded quota: none/),
    })
    await remove(api, 'deployments', deployment, { propagation: 'Background' })
    await transport.send({ ...call, verb: 'delete', method: 'DELETE', path: `${path}/none` }, parseJson)
  })
}

describeWithComponents('faults of the API of target local', () => {
  describeFaults('between the product and kube-apiserver', openLocal, { quotas })
})
