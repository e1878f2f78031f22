import { describe, expect, it } from 'vitest'
import { isOwnFlag } from '../../../tuning/own-flags.ts'
import type { KeyPair, Pki } from '../pki.ts'
import { apiserverArguments } from './apiserver.ts'
import { controllerManagerArguments } from './controller-manager.ts'
import type { EtcdMember } from './etcd.ts'
import { etcdArguments, etcdName, memberName } from './etcd.ts'
import { hollowNodeArguments, nodeNames } from './hollow-node.ts'
import { schedulerArguments } from './scheduler.ts'

const pair = (name: string): KeyPair => ({ cert: '', key: '', certFile: `pki/${name}.crt`, keyFile: `pki/${name}.key` })
const pki: Pki = {
  ca: pair('ca'),
  server: pair('server'),
  admin: pair('admin'),
  controllerManager: pair('controller-manager'),
  scheduler: pair('scheduler'),
  etcdClient: pair('etcd-client'),
  serviceAccount: { keyFile: 'pki/sa.key', publicKeyFile: 'pki/sa.pub' },
}
const main: EtcdMember = { name: 'etcd', clientPort: 2001, peerPort: 2002, dataDir: 'state/etcd' }
const pods: EtcdMember = {
  name: 'etcd-pods',
  resource: '/pods',
  clientPort: 2003,
  peerPort: 2004,
  dataDir: 'state/p',
}
const leases: EtcdMember = { ...pods, name: 'x', resource: 'coordination.k8s.io/leases', clientPort: 2005 }

function flagsTwice(args: readonly string[]): string[] {
  const names = args.map((arg) => arg.split('=', 1)[0] ?? '')
  return names.filter((name, index) => names.indexOf(name) !== index)
}

describe('etcdArguments', () => {
  it('should listen on loopback only and demand client certificates when it is rendered', () => {
    expect(etcdArguments(main, [main], pki)).toMatchInlineSnapshot(`
      [
        "--name=etcd",
        "--data-dir=state/etcd",
        "--listen-client-urls=https://127.0.0.1:2001",
        "--advertise-client-urls=https://127.0.0.1:2001",
        "--listen-peer-urls=https://127.0.0.1:2002",
        "--initial-advertise-peer-urls=https://127.0.0.1:2002",
        "--initial-cluster=etcd=https://127.0.0.1:2002",
        "--trusted-ca-file=pki/ca.crt",
        "--cert-file=pki/server.crt",
        "--key-file=pki/server.key",
        "--client-cert-auth=true",
        "--peer-trusted-ca-file=pki/ca.crt",
        "--peer-cert-file=pki/server.crt",
        "--peer-key-file=pki/server.key",
        "--peer-client-cert-auth=true",
      ]
    `)
  })

  it('should name every member to each of them when there are several', () => {
    const members = [1, 2, 3].map((number) => ({
      ...main,
      name: memberName('etcd', number, 3),
      peerPort: 2100 + number,
    }))
    const args = etcdArguments(members[1] ?? main, members, pki)
    expect(args).toContain('--name=etcd-2')
    expect(args).toContain(
      '--initial-cluster=etcd-1=https://127.0.0.1:2101,etcd-2=https://127.0.0.1:2102,etcd-3=https://127.0.0.1:2103',
    )
  })

  it('should put a knob in the place of the built-in value when both name the same flag', () => {
    const args = etcdArguments(main, [main], pki, { 'heartbeat-interval': '250', 'client-cert-auth': 'false' })
    expect(args).toContain('--heartbeat-interval=250')
    expect(args).toContain('--client-cert-auth=false')
    expect(flagsTwice(args)).toEqual([])
  })

  it('should never turn fsync off when numbers are to be real', () => {
    expect(etcdArguments(main, [main], pki).join(' ')).not.toContain('fsync')
  })
})

describe('etcdName', () => {
  it.each([
    [undefined, 'etcd'],
    ['/pods', 'etcd-pods'],
    ['coordination.k8s.io/leases', 'etcd-leases.coordination.k8s.io'],
  ])('should tell apart what is stored when resource is %s', (resource, name) => {
    expect(etcdName(resource)).toBe(name)
  })
})

describe('apiserverArguments', () => {
  it('should be a cluster as kubeadm makes it, on loopback, when it is rendered', () => {
    expect(apiserverArguments({ port: 2010, etcds: [main], pki })).toMatchInlineSnapshot(`
      [
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        "--secure-port=2010",
        "--tls-cert-file=pki/server.crt",
        "--tls-private-key-file=pki/server.key",
        "--client-ca-file=pki/ca.crt",
        "--etcd-servers=https://127.0.0.1:2001",
        "--etcd-cafile=pki/ca.crt",
        "--etcd-certfile=pki/etcd-client.crt",
        "--etcd-keyfile=pki/etcd-client.key",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--service-account-issuer=https://kubernetes.default.svc",
        "--service-account-key-file=pki/sa.pub",
        "--service-account-signing-key-file=pki/sa.key",
        "--service-cluster-ip-range=10.0.0.0/16",
        "--endpoint-reconciler-type=none",
      ]
    `)
  })

  it('should send resources to their own etcd when etcd is split', () => {
    const args = apiserverArguments({ port: 2010, etcds: [main, pods, leases], pki })
    expect(args).toContain('--etcd-servers=https://127.0.0.1:2001')
    expect(args).toContain(
      '--etcd-servers-overrides=/pods#https://127.0.0.1:2003,coordination.k8s.io/leases#https://127.0.0.1:2005',
    )
  })

  it('should know every member of every etcd cluster when they have several', () => {
    const members = [main, { ...main, clientPort: 2101 }, pods, { ...pods, clientPort: 2103 }]
    const args = apiserverArguments({ port: 2010, etcds: members, pki })
    expect(args).toContain('--etcd-servers=https://127.0.0.1:2001,https://127.0.0.1:2101')
    expect(args).toContain('--etcd-servers-overrides=/pods#https://127.0.0.1:2003;https://127.0.0.1:2103')
  })

  it('should name no flag twice when a knob overrides one', () => {
    const args = apiserverArguments({
      port: 1,
      etcds: [main],
      pki,
      knobs: { 'bind-address': '::1', 'event-ttl': '5m' },
    })
    expect(args).toEqual(expect.arrayContaining(['--bind-address=::1', '--event-ttl=5m']))
    expect(flagsTwice(args)).toEqual([])
  })
})

describe('controllerManagerArguments', () => {
  it('should serve metrics and configuration without credentials when it is rendered', () => {
    expect(
      controllerManagerArguments({ port: 2011, kubeconfig: 'kcm.kubeconfig', pki, knobs: { 'kube-api-qps': '500' } }),
    ).toMatchInlineSnapshot(`
      [
        "--kubeconfig=kcm.kubeconfig",
        "--bind-address=127.0.0.1",
        "--secure-port=2011",
        "--tls-cert-file=pki/server.crt",
        "--tls-private-key-file=pki/server.key",
        "--authorization-always-allow-paths=/healthz,/readyz,/livez,/metrics,/configz,/flagz",
        "--leader-elect=false",
        "--root-ca-file=pki/ca.crt",
        "--service-account-private-key-file=pki/sa.key",
        "--use-service-account-credentials=false",
        "--kube-api-qps=500",
      ]
    `)
  })
})

describe('schedulerArguments', () => {
  it('should serve metrics without credentials when it is rendered', () => {
    expect(schedulerArguments({ port: 2012, kubeconfig: 'scheduler.kubeconfig', pki })).toMatchInlineSnapshot(`
      [
        "--kubeconfig=scheduler.kubeconfig",
        "--bind-address=127.0.0.1",
        "--secure-port=2012",
        "--tls-cert-file=pki/server.crt",
        "--tls-private-key-file=pki/server.key",
        "--authorization-always-allow-paths=/healthz,/readyz,/livez,/metrics,/configz,/flagz",
        "--leader-elect=false",
      ]
    `)
  })
})

describe('the flags that are our own', () => {
  /** An arm may set these: a cluster of ours works with other values, too. */
  const free = [
    'authorization-mode',
    'enable-admission-plugins',
    'endpoint-reconciler-type',
    'service-cluster-ip-range',
  ]
  const configuration = { port: 1, kubeconfig: '/k', pki }
  it.each([
    ['etcd', etcdArguments(main, [main], pki)],
    ['kube-apiserver', apiserverArguments({ port: 1, etcds: [main, pods], pki })],
    ['kube-controller-manager', controllerManagerArguments(configuration)],
    ['kube-scheduler', [...schedulerArguments(configuration), ...schedulerArguments(configuration, '/f')]],
  ])('should be all those that %s is started with', (component, args) => {
    const names = args.map((arg) => /^--([^=]+)=/.exec(arg)?.[1] ?? arg)
    expect(names.filter((name) => !isOwnFlag(component, name) && !free.includes(name))).toEqual([])
  })
})

describe('hollowNodeArguments', () => {
  const configuration = {
    node: { cpu: 32, memory: '64Gi', containerStarts: { timeMs: 80, parallel: 4 } },
    kubeconfig: 'kubeconfig',
    configFiles: ['kubelet.json'],
    root: '/proc/self/cwd/hollow-0',
    pki,
  }

  it('should serve the kubelet API on loopback when the node has a port', () => {
    expect(hollowNodeArguments({ ...configuration, pack: { first: 0, count: 1 }, port: 2020 })).toMatchInlineSnapshot(`
      [
        "--kubeconfig=kubeconfig",
        "--config=kubelet.json",
        "--name-prefix=hollow",
        "--first=0",
        "--count=1",
        "--cpu=32",
        "--memory=64Gi",
        "--container-start-time=80ms",
        "--parallel-container-starts=4",
        "--address=127.0.0.1",
        "--base-port=2020",
        "--root=/proc/self/cwd/hollow-0",
        "--client-ca-cert-file=pki/ca.crt",
        "--client-ca-key-file=pki/ca.key",
      ]
    `)
  })

  it('should serve nothing when the nodes have no port', () => {
    const args = hollowNodeArguments({ ...configuration, pack: { first: 1, count: 50 } })
    expect(args).toEqual(expect.arrayContaining(['--first=1', '--count=50', '--serve=false']))
    expect(args.join(' ')).not.toContain('port')
  })
})

describe('nodeNames', () => {
  it('should count from the first node of the pack when there are several packs', () => {
    expect(nodeNames({ first: 51, count: 3 })).toEqual(['hollow-51', 'hollow-52', 'hollow-53'])
  })
})
