import 'reflect-metadata'
import { createPrivateKey, webcrypto, X509Certificate } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { PemConverter, X509CertificateGenerator } from '@peculiar/x509'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import type { KubeApi } from '../../src/kube/api.ts'
import { connectKubeApi } from '../../src/kube/http.ts'
import { localTarget } from '../../src/targets/local/index.ts'
import { findMarked } from '../../src/targets/local/leftovers.ts'
import type { Cluster } from '../../src/targets/target.ts'
import { probeDeployment, probeNamespace } from '../../src/workload/probe-target.ts'
import { describeWithComponents, root } from '../e2e/components.ts'

const { signal } = new AbortController()
const fleetSpec = { nodes: 2, nodesPerProcess: 50, node: { cpu: 8, memory: '16Gi' } }

describeWithComponents('a cluster of target local, seen by others', () => {
  let folder: string
  let runId: string
  let cluster: Cluster
  const state = () => join(folder, 'state', 'stock-1')

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'scale-test-security-'))
    runId = (folder.split('/').at(-1) ?? '').toLowerCase()
    const source = join(root, 'components')
    const target = localTarget({
      runId,
      runFolder: folder,
      componentsSource: source,
      env: process.env,
      clock: systemClock,
    })
    cluster = await target.open({ arm: { id: 'stock-1', name: 'stock', repetition: 1 }, knobs: [], signal })
    await cluster.startFleet(fleetSpec, signal)
  }, 120_000)
  afterAll(async () => {
    await cluster?.[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  })

  it('should be reachable from this machine only', () => {
    const listening = findMarked(runId).flatMap(({ pid, program }) =>
      listeningOf(pid).map((at) => [program.split('/').at(-1), at]),
    )
    for (const program of ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'hollow-node'])
      expect(listening.map(([by]) => by)).toContain(program)
    expect(listening.filter(([, at]) => !at?.startsWith('127.0.0.1:'))).toEqual([])
  })

  it('should have no node change another, nor what runs there', async () => {
    const spec = { runId, node: 'hollow-0', image: 'pause', serviceAccountToken: false, replicas: 1 }
    await cluster.api.create('namespaces', probeNamespace(spec))
    const { metadata } = await cluster.api.create('deployments', probeDeployment(spec))
    const namespace = metadata.namespace ?? ''
    const pod = await podIn(cluster.api, namespace)
    const server = serverOf(join(state(), 'admin.kubeconfig'))
    await using own = await asNode('hollow-1', server, join(state(), 'pki'))
    const change = { type: 'merge', body: { metadata: { annotations: { by: 'hollow-1' } } } } as const
    const isForbidden = expect.objectContaining({ status: 403 })

    // What is its own, it may: so it is known, and what follows is about others.
    await expect(own.patch({ resource: 'nodes', name: 'hollow-1' }, change)).resolves.toBeDefined()
    await expect(own.patch({ resource: 'nodes', name: 'hollow-0' }, change)).rejects.toEqual(isForbidden)
    await expect(own.patch({ resource: 'nodes', name: 'hollow-0' }, change, 'status')).rejects.toEqual(isForbidden)
    const label = {
      type: 'merge',
      body: { metadata: { labels: { 'node-restriction.kubernetes.io/x': 'y' } } },
    } as const
    await expect(own.patch({ resource: 'nodes', name: 'hollow-1' }, label)).rejects.toEqual(isForbidden)
    const ref = { resource: 'pods', namespace, name: pod.metadata.name ?? '' } as const
    await expect(own.patch(ref, { type: 'merge', body: { status: { phase: 'Failed' } } }, 'status')).rejects.toEqual(
      isForbidden,
    )
    await expect(own.delete(ref, { uid: pod.metadata.uid ?? '' })).rejects.toEqual(isForbidden)
    await expect(own.create('configmaps', { metadata: { name: 'x', namespace } })).rejects.toEqual(isForbidden)
    await expect(own.get({ resource: 'secrets', namespace, name: 'any' })).rejects.toEqual(isForbidden)
    await expect(own.get({ resource: 'nodes', name: 'hollow-0' })).rejects.toEqual(isForbidden)
  })

  it('should have its keys in no log and no list of processes, and its files for their owner alone', () => {
    const keys = filesBelow(state()).filter((file) => /\.key$|kubeconfig$/.test(file))
    expect(keys.length).toBeGreaterThan(5)
    const lines = keys.filter((file) => file.endsWith('.key')).flatMap((file) => readFileSync(file, 'utf8').split('\n'))
    const secrets = lines.filter((line) => line.length > 20 && !line.startsWith('-----'))
    const processes = findMarked(runId).flatMap(({ pid }) =>
      ['cmdline', 'environ'].map((name) => `/proc/${pid}/${name}`),
    )
    const logs = filesBelow(join(folder, 'logs'))
    expect(logs.length).toBeGreaterThan(4)
    for (const file of [...processes, ...logs]) {
      const text = readFileSync(file, 'utf8')
      expect(
        secrets.filter((secret) => text.includes(secret)),
        file,
      ).toEqual([])
    }
    for (const file of [...keys, ...logs]) expect([file, statSync(file).mode & 0o077]).toEqual([file, 0])
    for (const path of [join(folder, 'state'), state(), join(folder, 'logs')])
      expect([path, statSync(path).mode & 0o077]).toEqual([path, 0])
  })

  it('should have no keys any more when it is gone', async () => {
    await cluster[Symbol.asyncDispose]()
    expect(findMarked(runId)).toEqual([])
    expect(filesBelow(folder).filter((file) => !file.endsWith('.log'))).toEqual([])
  })
})

/** Where a process listens, `address:port`, by /proc/net/tcp, tcp6, udp and udp6. */
function listeningOf(pid: number): string[] {
  const inodes = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap(
      (fd) => /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${fd}`))?.[1] ?? [],
    ),
  )
  return ['tcp', 'tcp6', 'udp', 'udp6'].flatMap((protocol) =>
    readFileSync(`/proc/${pid}/net/${protocol}`, 'utf8')
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      // LISTEN; of UDP, which knows no such thing, everything that is not connected.
      .filter(
        ([, , , status, , , , , , inode = '']) =>
          status === (protocol.startsWith('tcp') ? '0A' : '07') && inodes.has(inode),
      )
      .map(([, local = '']) => addressOf(local)),
  )
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

/** `0100007F:1F90` is 127.0.0.1:8080: words of four bytes, in the machine's order. IPv6 stays as it is. */
function addressOf(local: string): string {
  const [address = '', port = ''] = local.split(':')
  const bytes = address.length === 8 ? [...Buffer.from(address, 'hex')].reverse().join('.') : address
  return `${bytes}:${Number.parseInt(port, 16)}`
}

async function podIn(api: KubeApi, namespace: string) {
  for (const endMs = systemClock.nowMs() + 30_000; systemClock.nowMs() < endMs; await systemClock.sleep(100))
    for await (const { items } of api.list({ resource: 'pods', namespace })) for (const pod of items) return pod
  throw new Error('no pod was created')
}

function serverOf(kubeconfig: string): string {
  return JSON.parse(readFileSync(kubeconfig, 'utf8')).clusters[0].cluster.server
}

/** The API as a hollow node of the cluster has it: with a certificate as the node makes itself one (components/hollow-node/identity.go). */
async function asNode(name: string, server: string, pki: string) {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const caKey = createPrivateKey(readFileSync(join(pki, 'ca.key')))
  const ca = readFileSync(join(pki, 'ca.crt'), 'utf8')
  const der = caKey.export({ format: 'der', type: 'pkcs8' })
  const signingKey = await webcrypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign'])
  const keys = (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair
  const { subject, validFrom, validTo } = new X509Certificate(ca)
  const certificate = await X509CertificateGenerator.create({
    subject: `CN=system:node:${name}, O=system:nodes`,
    issuer: subject,
    notBefore: new Date(validFrom),
    notAfter: new Date(validTo),
    signingAlgorithm: algorithm,
    publicKey: keys.publicKey,
    signingKey,
  })
  const key = PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY')
  const tls = { ca, cert: certificate.toString('pem'), key }
  return connectKubeApi({ credentials: { server, tls, headers: async () => ({}) }, clock: systemClock })
}

function filesBelow(path: string): string[] {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}
