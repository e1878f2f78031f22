import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fakeCluster, reachOf } from '../../../testing/fake-cluster.ts'
import type { Recorded } from '../../../testing/recorded-clusters.ts'
import {
  kubeadm,
  kubespray,
  managed,
  recordedApi,
  withBinding,
  withCommands,
} from '../../../testing/recorded-clusters.ts'
import type { Component } from '../components.ts'
import { flagsInCommand, flagsOnPage } from './flags.ts'
import { gatherFacts } from './gather.ts'
import { judgeFacts, topics } from './index.ts'

const { signal } = new AbortController()

/** Verdict and reason by the lines' ids. */
async function verdictsOf(
  recorded: Recorded,
  { readable = [] as Component[], denies = undefined as RegExp | undefined } = {},
) {
  const cluster = reachOf(fakeCluster(), { api: recordedApi(recorded, denies) })
  const facts = await gatherFacts({ cluster, readable, newestVersion: 'v1.37.2', signal })
  const lines = judgeFacts(facts)
  for (const { id, reason, verdict, next } of lines) {
    expect(reason, id).not.toBe('')
    if (verdict !== 'pass') expect(next, id).toEqual(expect.stringMatching(/\S/))
  }
  return Object.fromEntries(lines.map(({ id, verdict, reason }) => [id, `${verdict}: ${reason}`]))
}
const ofVerdict = (verdicts: Record<string, string>, verdict: string) =>
  Object.entries(verdicts).flatMap(([id, text]) => (text.startsWith(`${verdict}: `) ? [id] : []))

/** A page of etcd's, of which all samples of the histograms are in the bucket up to `seconds`. */
function etcdPage({ seconds = 0.004, quota = 2 ** 33, size = 2 ** 20, leader = 1, has = 1, peers = 2 } = {}): string {
  const histogram = (name: string) =>
    `${name}_bucket{le="0.001"} 0\n${name}_bucket{le="${seconds}"} 100\n${name}_bucket{le="+Inf"} 100`
  return [
    `etcd_server_has_leader ${has}`,
    `etcd_server_is_leader ${leader}`,
    'etcd_server_leader_changes_seen_total 1',
    `etcd_server_quota_backend_bytes ${quota}`,
    `etcd_mvcc_db_total_size_in_bytes ${size}`,
    ...['b', 'c'].slice(0, peers).map((remote) => `etcd_network_active_peers{Local="a",Remote="${remote}"} 1`),
    histogram('etcd_disk_wal_fsync_duration_seconds'),
    histogram('etcd_disk_backend_commit_duration_seconds'),
    histogram('etcd_network_peer_round_trip_time_seconds'),
  ].join('\n')
}
function member(name: string, page: string, url = `https://${name}:2379`, version?: string): Component {
  const pages: Record<string, string | undefined> = { '/metrics': page, '/version': version }
  return { component: 'etcd', name, url, readPage: async (path) => pages[path] ?? Promise.reject(new Error('no page')) }
}
const three = (page: Parameters<typeof etcdPage>[0] = {}) => [
  member('etcd-1', etcdPage(page)),
  member('etcd-2', etcdPage({ ...page, leader: 0 })),
  member('etcd-3', etcdPage({ ...page, leader: 0 })),
]

describe('the checklist', () => {
  it('should have a different id and title for every line', () => {
    const lines = topics.flatMap(({ lines: own }) => own)
    expect(new Set(lines.map(({ id }) => id)).size).toBe(lines.length)
    expect(new Set(lines.map(({ title }) => title)).size).toBe(lines.length)
  })

  it('should have a row for every line in docs/checklist.md, in the same order', () => {
    const rows = readFileSync(join('docs', 'checklist.md'), 'utf8').matchAll(/^\| (.*?) \|/gm)
    const documented = [...rows].map(([, title]) => title).slice(1)
    expect(documented).toEqual(
      topics.flatMap(({ title, lines }) => [`**${title}**`, ...lines.map((line) => line.title)]),
    )
  })

  it('should see most of a kubeadm cluster, and what kubeadm leaves out', async () => {
    const verdicts = await verdictsOf(kubeadm)
    expect(ofVerdict(verdicts, 'fail')).toEqual([
      'etcd-quota',
      'tls-kubelet-serving',
      'anonymous',
      'encryption',
      'audit',
    ])
    expect(ofVerdict(verdicts, 'cannot see')).toEqual([
      'etcd-leader',
      'etcd-disk',
      'etcd-fsync',
      'etcd-commit',
      'etcd-wal-dir',
      'etcd-network',
      'pages',
    ])
    expect(verdicts).toMatchObject({
      'control-plane-nodes': 'pass: 3 control-plane nodes: cp-1, cp-2, cp-3',
      'control-plane-zones': 'pass: a majority is left when a zone is lost: 1 in zone-0, 1 in zone-1, 1 in zone-2',
      'etcd-members': 'pass: 3 members (pods in kube-system), all healthy',
      'etcd-quota': 'fail: --quota-backend-bytes is not set: 2 GiB (pod etcd-cp-1)',
      'tls-etcd-peers': 'pass: https, --peer-client-cert-auth (pod etcd-cp-1 and 2 others)',
      backups: 'pass: CronJob kube-system/etcd-backup, last success 2026-01-01T02:00:00Z',
    })
  })

  it('should judge etcd by its pages where clusters.yaml names its members', async () => {
    const verdicts = await verdictsOf(kubeadm, { readable: three() })
    expect(verdicts).toMatchObject({
      'etcd-members': 'pass: 3 members (/metrics), all healthy',
      'etcd-leader': 'pass: etcd-1 leads; 1 change since the start',
      'etcd-fsync': 'pass: p99 4.0 ms since etcd-1 started (100 samples)',
      'etcd-commit': 'pass: p99 4.0 ms since etcd-1 started (100 samples)',
      'etcd-wal-dir': 'pass: wherever it is, its fsync takes 4.0 ms (p99), within 10 ms',
      'etcd-quota': 'pass: 1.0 MiB of 8.0 GiB used (etcd-1)',
    })
    expect(verdicts['etcd-network']).toMatch(/^pass: round trip between members p99 4.0 ms/)
  })

  it.each([
    ['a slow disk', three({ seconds: 0.03 }), ['etcd-fsync', 'etcd-commit', 'etcd-wal-dir']],
    ['a slow network', three({ seconds: 0.2 }), ['etcd-fsync', 'etcd-commit', 'etcd-wal-dir', 'etcd-network']],
    ['the default quota', three({ quota: 2 ** 31 }), ['etcd-quota']],
    ['a quota that is nearly used up', three({ size: 0.9 * 2 ** 33 }), ['etcd-quota']],
    ['no leader', three({ has: 0 }), ['etcd-members', 'etcd-leader']],
    [
      'a member that is cut off',
      three().map((one, index) => (index === 0 ? member('etcd-1', etcdPage({ peers: 0 })) : one)),
      ['etcd-members'],
    ],
    ['two members', three({ peers: 1 }).slice(0, 2), ['etcd-members']],
    ['one member', [member('etcd-1', etcdPage({ peers: 0 }))], ['etcd-members']],
    [
      'clients without TLS',
      [member('etcd-1', etcdPage(), 'http://etcd-1:2379', '{"etcdserver":"3.7.3"}')],
      ['tls-etcd-clients'],
    ],
  ])('should find %s', async (_, readable, ids) => {
    const known = ofVerdict(await verdictsOf(kubeadm, { readable: three() }), 'fail')
    const failing = ofVerdict(await verdictsOf(kubeadm, { readable }), 'fail')
    expect(failing.filter((id) => !known.includes(id))).toEqual(ids)
  })

  it('should not take a metrics listener without TLS for one that serves clients', async () => {
    const readable = [member('etcd-1', etcdPage(), 'http://etcd-1:2381')]
    expect((await verdictsOf(kubeadm, { readable }))['tls-etcd-clients']).toMatch(/^pass: /)
  })

  it.each([
    ['etcd-servers=https', 'etcd-servers=http', ['tls-apiserver-etcd', 'tls-etcd-clients']],
    ['listen-client-urls=https', 'listen-client-urls=http', ['tls-etcd-clients']],
    ['--client-cert-auth=true', '--client-cert-auth=false', ['tls-etcd-clients']],
    ['listen-peer-urls=https', 'listen-peer-urls=http', ['tls-etcd-peers']],
    ['--authorization-mode=Node,RBAC', '--authorization-mode=RBAC,AlwaysAllow', ['authorization']],
    ['--authorization-mode=Node,RBAC', '', ['authorization']],
    ['--snapshot-count=10000', '--snapshot-count=100', ['etcd-snapshots']],
    ['--secure-port=6443', '--etcd-compaction-interval=0', ['etcd-compaction']],
  ])('should find it when %s is %s', async (is, becomes, ids) => {
    const changed = withCommands(kubeadm, (command) => command.map((word) => word.replace(is, becomes)))
    const known = ofVerdict(await verdictsOf(kubeadm), 'fail')
    expect(ofVerdict(await verdictsOf(changed), 'fail').filter((id) => !known.includes(id))).toEqual(ids)
  })

  it('should pass what kubeadm leaves out where an administrator has set it', async () => {
    const more = {
      'kube-apiserver': [
        '--anonymous-auth=false',
        '--encryption-provider-config=/etc/e.yaml',
        '--audit-policy-file=/etc/a.yaml',
        '--audit-log-path=-',
        '--kubelet-certificate-authority=/ca.crt',
      ],
      etcd: ['--quota-backend-bytes', '8589934592'],
    }
    const set = withCommands(kubeadm, (command) => [...command, ...(more[command[0] as keyof typeof more] ?? [])])
    expect(ofVerdict(await verdictsOf(set), 'fail')).toEqual([])
  })

  it.each([
    [
      { kind: 'ServiceAccount', name: 'tiller', namespace: 'kube-system' },
      'cluster-admins',
      'ServiceAccount kube-system/tiller (wide)',
    ],
    [
      { kind: 'Group', name: 'system:serviceaccounts:default' },
      'wildcard-roles',
      'Group system:serviceaccounts:default (wide)',
    ],
    [{ kind: 'User', name: 'system:anonymous' }, 'wildcard-roles', 'User system:anonymous (wide)'],
  ])('should find cluster-admin bound to %o', async (subject, id, what) => {
    const verdicts = await verdictsOf(withBinding(kubeadm, 'wide', 'cluster-admin', subject))
    expect(verdicts[id]).toMatch(/^fail: /)
    expect(verdicts[id]).toContain(what)
  })

  it('should not pass etcd outside of Kubernetes, of which it sees nothing but addresses', async () => {
    const verdicts = await verdictsOf(kubespray)
    expect(verdicts).toMatchObject({
      'etcd-members': 'cannot see: --etcd-servers has 3 members, but not whether they are healthy',
      'etcd-snapshots': 'cannot see: etcd does not run in pods of kube-system, and serves its flags nowhere',
      'etcd-quota': 'cannot see: etcd does not run in pods of kube-system, and serves its flags nowhere',
      'tls-etcd-clients': 'cannot see: etcd does not run in pods of kube-system, and serves its flags nowhere',
      version: 'fail: v1.33.4: older than 1.35',
      'kubelet-skew': 'fail: worker-2 v1.29.1; the apiserver is v1.33.4',
      backups: 'cannot see: no CronJob that runs etcdctl snapshot save, and no Velero schedule',
    })
    expect(verdicts['tls-apiserver-etcd']).toMatch(/^pass: https:\/\/10.0.0.1:2379/)
  })

  it('should say of a managed cluster that its provider shows what its API does not', async () => {
    const verdicts = await verdictsOf(managed)
    const hidden = Object.values(verdicts).filter(
      (text) => text === 'cannot see: managed: Amazon EKS runs the control plane',
    )
    expect(hidden.length).toBeGreaterThan(15)
    expect(verdicts['control-plane-nodes']).toBe('cannot see: managed: Amazon EKS runs the control plane')
    expect(ofVerdict(verdicts, 'pass')).toEqual([
      'cluster-admins',
      'wildcard-roles',
      'version',
      'kubelet-skew',
      'proxy-skew',
    ])
    expect(ofVerdict(verdicts, 'fail')).toEqual(['tls-kubelet-clients', 'metrics-api'])
  })

  it('should pass nothing that it was refused, and name the right that is missing', async () => {
    const verdicts = await verdictsOf(kubeadm, { denies: /^(?!\/version$)/ })
    expect(ofVerdict(verdicts, 'pass')).toEqual(['version'])
    expect(ofVerdict(verdicts, 'fail')).toEqual([])
    expect(verdicts['cluster-admins']).toBe('cannot see: you may not list clusterrolebindings')
    expect(verdicts.audit).toBe('cannot see: you may not list pods in kube-system')
  })

  it('should not be upset by answers of another form', async () => {
    const verdicts = await verdictsOf({ ...kubeadm, '/api/v1/nodes': [{ nothing: 1 }], '/apis': 'no JSON' })
    expect(verdicts['control-plane-nodes']).toBe(
      'cannot see: could not list nodes: the answer does not have the expected form',
    )
  })
})

describe('flags', () => {
  it('should be read off commands in all of their forms', () => {
    const command = ['/bin/sh', '-c', 'exec kube-apiserver --a=1 --b 2 --c', '--d', '-e=3', '--a=x=y']
    expect(Object.fromEntries(flagsInCommand(command))).toEqual({ a: 'x=y', b: '2', c: 'true', d: 'true', e: '3' })
  })

  it.each([': ', ':', '=', ' '])('should be read off a page that parts them by %o', (separator) => {
    const page = `\nkube-apiserver flags\nWarning: This endpoint is not meant to be machine parseable\n\nallow-privileged${separator}true\netcd-servers${separator}[https://a:1]\n`
    expect(flagsOnPage(page).get('etcd-servers')).toBe('[https://a:1]')
  })
})
