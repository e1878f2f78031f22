import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { plannedPods } from '../testing/plans.ts'
import type { HollowFleetSpec, ManifestOptions } from './manifests.ts'
import {
  certificatesFile,
  certificatesOf,
  hollowSelector,
  namespaceOf,
  serviceAccountOf,
  settingsOf,
  statefulSetOf,
} from './manifests.ts'
import { groupPods } from './pods.ts'

const spec: HollowFleetSpec = {
  nodes: 101,
  nodesPerProcess: 50,
  hosts: 2,
  node: { cpu: 4, memory: '32Gi', containerStarts: { timeMs: 250, parallel: 4 } },
  statusPeriodSeconds: null,
  pods: { ...plannedPods, image: 'hollow-node:v1.37.2' },
}

const options: ManifestOptions = {
  runId: '5k-nodes-20260101-000000-abcd',
  armId: 'tuned-1',
  spec,
  kubeletConfiguration: { kubeAPIQPS: 50, maxPods: 500 },
  target: { server: 'https://10.0.0.1:6443', ca: '-----BEGIN CERTIFICATE-----\n...\n-----END CERTIFICATE-----\n' },
  kubeletClientCa: '-----BEGIN CERTIFICATE-----\n...\n-----END CERTIFICATE-----\n',
}

const withPods = (pods: Partial<HollowFleetSpec['pods']>): ManifestOptions => ({
  ...options,
  spec: { ...spec, pods: { ...spec.pods, ...pods } },
})

function containerOf(manifest: ManifestOptions) {
  const [, packs] = groupPods(manifest.spec)
  if (packs === undefined) throw new Error('no packs')
  const { template } = statefulSetOf(manifest, packs, ['host-0', 'host-1']).spec
  const [container] = template.spec.containers
  if (container === undefined) throw new Error('no container')
  return { pod: template.spec, container, args: container['args'] as string[] }
}

describe('the manifests of a hollow fleet', () => {
  it('should be those that manifests/hollow-fleet.yaml shows', async () => {
    const groups = groupPods(spec)
    const objects = [
      namespaceOf(options),
      serviceAccountOf(options),
      settingsOf(options),
      ...groups.flatMap((group) => [
        certificatesOf(options, group, (node) => `certificate and key of hollow-${node}\n`),
        statefulSetOf(options, group, ['host-0', 'host-1']),
      ]),
    ]
    const header =
      '# What a run creates on a host cluster for 101 hollow nodes, 50 to a pod, on two machines; the StatefulSets are then scaled up.\n' +
      '# Rendered by src/fleet/manifests.test.ts (vitest run -u src/fleet/manifests.test.ts renders it again).\n'
    const text = objects.map((object) => `---\n${stringify(object, { lineWidth: 0, aliasDuplicateObjects: false })}`)
    await expect(header + text.join('')).toMatchFileSnapshot('../../manifests/hollow-fleet.yaml')
  })

  it('should give no pod any privilege, nor a token of the host cluster', () => {
    const { pod, container } = containerOf(options)
    expect(pod.automountServiceAccountToken).toBe(false)
    expect(pod).not.toHaveProperty('hostNetwork')
    expect(pod['tolerations']).toBeUndefined()
    expect(container['securityContext']).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'], add: ['CHOWN', 'DAC_OVERRIDE', 'FOWNER'] },
    })
    expect(JSON.stringify(pod)).not.toContain('hostPath')
  })

  it('should keep a Secret below 1 MiB with certificates of 1.6 KB, however nodes are packed', () => {
    for (const nodesPerProcess of [1, 7, 50, 130, 250, 500]) {
      const packed = { ...options, spec: { ...spec, nodes: 5000, nodesPerProcess } }
      for (const group of groupPods(packed.spec)) {
        const { data = {} } = certificatesOf(packed, group, () => 'x'.repeat(1600))
        const bytes = Object.values(data).reduce((sum, value) => sum + Buffer.from(value, 'base64').length, 0)
        expect(bytes).toBeLessThan(2 ** 20)
      }
    }
  })

  it('should mount each pod the file that has its own nodes, and no other', () => {
    const { pod, container } = containerOf(options)
    const mounts = container['volumeMounts'] as { name: string; subPathExpr?: string }[]
    const { subPathExpr = '' } = mounts.find(({ name }) => name === 'certificates') ?? {}
    expect(subPathExpr.replace('$(POD_INDEX)', '7')).toBe(certificatesFile(7))
    expect(pod['volumes']).toContainEqual({
      name: 'certificates',
      secret: { secretName: 'hollow-packs-0', defaultMode: 0o400 },
    })
  })

  it('should write a kubeconfig without credentials', () => {
    const { kubeconfig = '', 'kubelet.json': kubelet = '' } = settingsOf(options).data ?? {}
    const { clusters, users, contexts } = JSON.parse(kubeconfig) as Record<
      string,
      { cluster: Record<string, string> }[]
    >
    expect(users).toBeUndefined()
    expect(contexts).toHaveLength(1)
    expect(clusters?.[0]?.cluster).toEqual({
      server: 'https://10.0.0.1:6443',
      'certificate-authority-data': Buffer.from(options.target.ca ?? '').toString('base64'),
    })
    expect(JSON.parse(kubelet)).toMatchObject({ kind: 'KubeletConfiguration', maxPods: 500 })
  })

  it('should hand labels, taints and the proxy on to the nodes', () => {
    const { args } = containerOf(withPods({ labels: { zone: 'a' }, taints: ['kubemark=true:NoSchedule'], proxy: true }))
    expect(args).toContain(`--node-labels=zone=a,scale-test/run=${options.runId}`)
    expect(args).toContain('--register-with-taints=kubemark=true:NoSchedule')
    expect(args).toContain('--proxy=true')
    expect(containerOf(options).args.join(' ')).not.toMatch(/taints|proxy/)
  })

  it('should let nobody ask the kubelets when no CA is known by which to tell who asks', () => {
    const { kubeletClientCa: _, ...without } = options
    const { args } = containerOf(without)
    expect(args).toContain('--serve=false')
    expect(args.join(' ')).not.toContain('client-ca')
    expect(settingsOf(without).data).not.toHaveProperty('client-ca.crt')
    expect(containerOf(options).args).toContain('--serving-client-ca-file=/etc/hollow-node/client-ca.crt')
  })

  it('should carry the label of the run on every object, by which removal finds it', () => {
    const [key, name] = hollowSelector(options.runId).split(',')
    const [probe] = groupPods(spec)
    if (probe === undefined) throw new Error('no probe')
    const set = statefulSetOf(options, probe, [])
    for (const { metadata } of [
      namespaceOf(options),
      settingsOf(options),
      serviceAccountOf(options),
      set,
      set.spec.template,
    ]) {
      const labels = Object.entries(metadata.labels ?? {}).map(([label, value]) => `${label}=${value}`)
      expect(labels).toContain(key)
      expect(labels).toContain(name)
    }
  })
})
