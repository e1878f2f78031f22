import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { systemClock } from '../../src/base/clock.ts'
import { locateComponents } from '../../src/components/components.ts'
import { connectEndpoint } from '../../src/kube/http.ts'
import type { Verdict } from '../../src/result/checklist.ts'
import { apiserverArguments } from '../../src/targets/local/arguments/apiserver.ts'
import { etcdArguments, etcdUrl } from '../../src/targets/local/arguments/etcd.ts'
import { localComponents } from '../../src/targets/local/binaries.ts'
import { credentialsFor } from '../../src/targets/local/connections.ts'
import { writeKubeconfig } from '../../src/targets/local/kubeconfig.ts'
import { runMark } from '../../src/targets/local/leftovers.ts'
import type { Authority, KeyPair, Pki } from '../../src/targets/local/pki.ts'
import { createAuthority, issuePki } from '../../src/targets/local/pki.ts'
import { createPorts, parsePortRange } from '../../src/targets/local/ports.ts'
import type { Supervisor } from '../../src/targets/local/processes.ts'
import { createSupervisor } from '../../src/targets/local/processes.ts'
import { startReaper } from '../../src/targets/local/reaper.ts'
import { topics } from '../../src/targets/remote/checklist/index.ts'
import { describeWithComponents, root } from '../e2e/components.ts'
import type { Manifest } from '../e2e-remote/rights.ts'
import { applyObjects } from '../e2e-remote/rights.ts'

const { signal } = new AbortController()
let folder: string
let supervisor: Supervisor
let authority: Authority
let pki: Pki
let nobody: KeyPair
let ports: ReturnType<typeof createPorts>
let binaryFolder: string

const encryption = {
  apiVersion: 'apiserver.config.k8s.io/v1',
  kind: 'EncryptionConfiguration',
  resources: [
    {
      resources: ['secrets'],
      providers: [{ aescbc: { keys: [{ name: 'k', secret: btoa('0'.repeat(32)) }] } }, { identity: {} }],
    },
  ],
}
const audit = { apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules: [{ level: 'Metadata' }] }

interface Started {
  server: string
  etcd: string
}

/** An etcd and an apiserver on it; each with flags of its own beside the usual ones. */
async function start(name: string, isProtected: boolean): Promise<Started> {
  const state = join(folder, name)
  mkdirSync(join(state, 'etcd'), { recursive: true, mode: 0o700 })
  const [clientPort, peerPort, port] = [await ports.take(), await ports.take(), await ports.take()]
  const etcd = { name: 'etcd', clientPort, peerPort, dataDir: join(state, 'etcd') }
  const url = isProtected ? etcdUrl(etcd) : etcdUrl(etcd).replace('https:', 'http:')
  const open = { 'listen-client-urls': url, 'advertise-client-urls': url, 'client-cert-auth': 'false' }
  const etcdFlags = isProtected ? { 'quota-backend-bytes': String(8 * 2 ** 30) } : open
  await run(`${name}-etcd`, 'etcd', etcdArguments(etcd, [etcd], pki, etcdFlags), url, '/readyz', pki.etcdClient)

  const file = (of: string, content: object) => {
    writeFileSync(join(state, of), stringify(content), { mode: 0o600 })
    return join(state, of)
  }
  const wellSet = {
    'encryption-provider-config': file('encryption.yaml', encryption),
    'audit-policy-file': file('audit.yaml', audit),
    'audit-log-path': join(state, 'audit.log'),
  }
  const server = `https://127.0.0.1:${port}`
  // Nobody makes service accounts here.
  const knobs = { 'disable-admission-plugins': 'ServiceAccount', ...(isProtected ? wellSet : { 'etcd-servers': url }) }
  const args = apiserverArguments({ port, etcds: [etcd], pki, knobs })
  await run(`${name}-apiserver`, 'kube-apiserver', args, server, '/readyz', pki.admin)
  return { server, etcd: url }
}

async function run(name: string, program: string, args: string[], url: string, path: string, user: KeyPair) {
  const stage = program === 'etcd' ? 'storage' : 'control'
  const started = await supervisor.start({ name, program: join(binaryFolder, program), args, stage })
  await using endpoint = connectEndpoint({
    credentials: credentialsFor(url, pki.ca.cert, user),
    clock: systemClock,
    signal,
  })
  const probe = (ending: AbortSignal) => endpoint.readText(path, { signal: ending, attempts: 1 })
  await supervisor.waitUntilReady(started, probe, { timeoutMs: 60_000, signal })
}

/** Lets `doctor` look at clusters, each as somebody. */
async function doctor(clusters: readonly (Started & { name: string; user: KeyPair })[]) {
  const targets = await Promise.all(
    clusters.map(async ({ name, server, etcd, user }) => ({
      kubeconfig: await writeKubeconfig(join(folder, `${name}.kubeconfig`), { server, ca: pki.ca.cert, name }, user),
      context: name,
      components: { etcd: [etcd] },
    })),
  )
  const file = join(folder, 'clusters.yaml')
  writeFileSync(file, stringify({ remote: { targets } }))
  const child = spawn(process.execPath, [join(root, 'src', 'main.ts'), 'doctor', '--clusters', file])
  const [stdout, stderr, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { status, stdout, stderr }
}

/** What `doctor` printed of a line. */
function printed(stdout: string, cluster: string, id: string): { verdict: Verdict; text: string } {
  const title = topics.flatMap(({ lines }) => lines).find((line) => line.id === id)?.title ?? id
  const [, ...sections] = stdout.split(/^(?=target)/m)
  const section = sections.find((one) => one.includes(`(context ${cluster})`)) ?? ''
  const at = section.search(new RegExp(`^ {2}(pass|fail|cannot see) +${title.replaceAll(/[()<.]/g, '\\$&')}$`, 'm'))
  expect(at, `${id} of ${cluster} in ${stdout}`).toBeGreaterThan(-1)
  const [first = '', ...others] = section.slice(at).split('\n')
  const end = others.findIndex((line) => !line.startsWith('   '))
  const verdict = (['pass', 'fail', 'cannot see'] as const).find((one) => first.trim().startsWith(one)) ?? 'cannot see'
  return {
    verdict,
    text: others
      .slice(0, end)
      .map((line) => line.trim())
      .join(' '),
  }
}

describeWithComponents('doctor --clusters', () => {
  let good: Started
  let bad: Started

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'scale-test-checklist-'))
    const stateFolder = join(folder, 'state')
    mkdirSync(stateFolder)
    ;({ folder: binaryFolder } = locateComponents(localComponents(join(root, 'components')), process.env))
    // Should the test be killed, nothing of it is left.
    const runId = (folder.split('/').at(-1) ?? '').toLowerCase()
    await startReaper({ runId, stateFolder })
    const env = { PATH: process.env['PATH'] ?? '', [runMark]: runId }
    supervisor = createSupervisor({ logFolder: join(folder, 'logs'), env, clock: systemClock })
    authority = await createAuthority(join(stateFolder, 'pki'), new Date())
    ;[pki, nobody] = await Promise.all([issuePki(authority), authority.client('nobody', { commonName: 'nobody' })])
    const ephemeral = parsePortRange(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8'))
    ports = createPorts(ephemeral, process.pid)
    ;[good, bad] = [await start('good', true), await start('bad', false)]
  }, 120_000)

  afterAll(async () => {
    const survivors = await supervisor?.stop(3000)
    rmSync(folder, { recursive: true, force: true })
    expect(survivors).toEqual([])
  })

  it('should find no TLS to etcd, one control plane and the default quota, and only where they are', async () => {
    const { status, stdout, stderr } = await doctor([
      { name: 'good', ...good, user: pki.admin },
      { name: 'bad', ...bad, user: pki.admin },
    ])
    expect({ status, stderr }, stdout).toEqual({ status: 1, stderr: '' })
    for (const cluster of ['good', 'bad']) {
      for (const { id } of topics.flatMap(({ lines }) => lines))
        expect(printed(stdout, cluster, id).text, id).not.toBe('')
      expect(printed(stdout, cluster, 'control-plane-nodes')).toMatchObject({
        verdict: 'fail',
        text: expect.stringContaining('1 apiserver answers'),
      })
      expect(printed(stdout, cluster, 'etcd-members').text).toContain('1 member (/metrics): writes stop with it')
    }
    const planted = {
      'tls-apiserver-etcd': `without TLS: ${bad.etcd}`,
      'tls-etcd-clients': 'serves clients without TLS',
      'etcd-quota': 'of 2.0 GiB, the default, used',
      encryption: 'no --encryption-provider-config',
      audit: 'no --audit-policy-file',
    }
    for (const [id, what] of Object.entries(planted)) {
      expect(printed(stdout, 'bad', id), id).toMatchObject({ verdict: 'fail', text: expect.stringContaining(what) })
      // That etcd asks for certificates shows in its flags only.
      const verdict = id === 'tls-etcd-clients' ? 'cannot see' : 'pass'
      expect(printed(stdout, 'good', id).verdict, id).toBe(verdict)
    }
    for (const cluster of ['good', 'bad'])
      expect(printed(stdout, cluster, 'etcd-fsync').text).toMatch(
        /p99 .* ms since etcd 127\.0\.0\.1:\d+ started \(\d+ samples?\)/,
      )
  })

  it('should read flags, priority and requests off a static pod, and find a wide binding', async () => {
    await applyObjects(credentialsFor(good.server, pki.ca.cert, pki.admin), [etcdPod, wideBinding], {
      clock: systemClock,
      signal,
    })
    const { stdout } = await doctor([{ name: 'good', ...good, user: pki.admin }])
    expect(printed(stdout, 'good', 'tls-etcd-clients')).toEqual({
      verdict: 'pass',
      text: 'https, --client-cert-auth (pod etcd-cp-1)',
    })
    expect(printed(stdout, 'good', 'tls-etcd-peers')).toMatchObject({
      verdict: 'fail',
      text: expect.stringContaining('http://10.0.0.1:2380'),
    })
    expect(printed(stdout, 'good', 'priority').text).toContain('etcd-cp-1 has none')
    expect(printed(stdout, 'good', 'resources').text).toContain('no CPU request: etcd-cp-1')
    expect(printed(stdout, 'good', 'wildcard-roles').text).toContain('Group system:serviceaccounts (everybody)')
    expect(printed(stdout, 'good', 'cluster-admins').verdict).toBe('fail')
  })

  it('should say which right is missing where somebody may read next to nothing, and pass nothing unseen', async () => {
    const { status, stdout, stderr } = await doctor([{ name: 'good', ...good, user: nobody }])
    // Its etcd has one member, which its page tells anybody who may read that.
    expect({ status, stderr }, stdout).toEqual({ status: 1, stderr: '' })
    for (const id of ['authorization', 'audit', 'encryption', 'cluster-admins', 'kubelet-skew', 'priority']) {
      const { verdict, text: said } = printed(stdout, 'good', id)
      expect(verdict, id).toBe('cannot see')
      expect(said, id).toMatch(/you may not (list|read|get)/)
    }
    expect(stdout).toContain('manifests/rbac-checklist.yaml')
  })
})

/** As a kubelet mirrors it, but for its status. */
const etcdPod: Manifest = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'etcd-cp-1', namespace: 'kube-system', labels: { tier: 'control-plane', component: 'etcd' } },
  spec: {
    automountServiceAccountToken: false,
    containers: [
      {
        name: 'etcd',
        image: 'registry.k8s.io/etcd:3.6.5-0',
        command: [
          'etcd',
          '--client-cert-auth=true',
          '--listen-client-urls=https://127.0.0.1:2379,https://10.0.0.1:2379',
          '--listen-peer-urls=http://10.0.0.1:2380',
          '--snapshot-count=10000',
        ],
      },
    ],
  },
}

const wideBinding: Manifest = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRoleBinding',
  metadata: { name: 'everybody' },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
  subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'system:serviceaccounts' }],
} as Manifest
