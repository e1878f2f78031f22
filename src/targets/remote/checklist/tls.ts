import { plural } from '../../../base/count.ts'
import type { ClusterFacts, KubeletFact } from './facts.ts'
import type { Flags } from './flags.ts'
import { flagValue, isOn, itemsOf } from './flags.ts'
import type { Judgement, Topic } from './judge.ts'
import { cannotSee, eachProcess, fail, few, pass, whereSeen } from './judge.ts'

const useTls = 'Serve etcd over https, and set --etcd-servers, --etcd-cafile, --etcd-certfile and --etcd-keyfile'

/** Whether everything that talks is protected, and knows whom it talks to. */
export const tls: Topic = {
  title: 'TLS',
  lines: [
    {
      id: 'tls-apiserver-etcd',
      title: 'API server to etcd',
      judge: (facts) =>
        eachProcess(facts, 'kube-apiserver', (flags) => {
          const servers = itemsOf(flags, 'etcd-servers')
          const plain = plainOf(flags)
          if (plain.length > 0) return fail(`without TLS: ${few(plain)}`, useTls)
          if (servers.length === 0)
            return cannotSee({ because: '--etcd-servers is not among its flags', next: 'Look at its command line' })
          const missing = ['etcd-cafile', 'etcd-certfile', 'etcd-keyfile'].filter(
            (flag) => flagValue(flags, flag) === undefined,
          )
          return missing.length === 0
            ? pass(`${few(servers)}, with a client certificate`)
            : fail(`https, but without ${missing.map((flag) => `--${flag}`).join(', ')}`, useTls)
        }),
    },
    { id: 'tls-etcd-clients', title: 'etcd accepts clients only with certificates', judge: judgeClients },
    {
      id: 'tls-etcd-peers',
      title: 'Between etcd members',
      judge: (facts) => eachProcess(facts, 'etcd', (flags) => judgeListener(flags, 'peer')),
    },
    {
      id: 'tls-kubelet-clients',
      title: 'Kubelets authenticate callers',
      judge: ({ kubelets }) =>
        whereSeen(kubelets, (asked) => {
          const open = asked.filter((one) => lacksOf(one).length > 0)
          return open.length === 0
            ? pass(`client CA, no anonymous requests, Webhook authorization (${plural(asked.length, 'kubelet')} asked)`)
            : fail(
                `${few(open.map(({ node }) => node))}: ${[...new Set(open.flatMap(lacksOf))].join(', ')}`,
                'Set authentication.x509.clientCAFile, authentication.anonymous.enabled: false and authorization.mode: Webhook',
              )
        }),
    },
    {
      id: 'tls-kubelet-serving',
      title: 'API server checks kubelets’ certificates',
      judge: (facts) =>
        eachProcess(facts, 'kube-apiserver', (flags) => {
          const next =
            'Set --kubelet-certificate-authority, and let kubelets request serving certificates (serverTLSBootstrap)'
          if (flagValue(flags, 'kubelet-client-certificate') === undefined)
            return fail('no --kubelet-client-certificate: kubelets cannot tell who calls', next)
          const authority = flagValue(flags, 'kubelet-certificate-authority')
          return authority === undefined
            ? fail('no --kubelet-certificate-authority: whoever answers is believed', next)
            : pass(`--kubelet-certificate-authority=${authority}`)
        }),
    },
  ],
}

/** Addresses of etcd that an apiserver uses without TLS. */
function plainOf(flags: Flags): string[] {
  const overrides = itemsOf(flags, 'etcd-servers-overrides').flatMap((one) => one.split('#')[1]?.split(';') ?? [])
  return [...itemsOf(flags, 'etcd-servers'), ...overrides].filter((server) => server.startsWith('http:'))
}

/** A listener that answers without TLS is proof enough; that one asks for certificates only its flags tell. */
function judgeClients(facts: ClusterFacts): Judgement {
  const { etcd, flags } = facts
  const next =
    'Set --listen-client-urls to https addresses, --client-cert-auth, --trusted-ca-file, --cert-file and --key-file'
  const open = 'value' in etcd ? etcd.value.filter(({ servesWithoutTls }) => servesWithoutTls) : []
  if (open.length > 0) return fail(`serves clients without TLS: ${few(open.map(({ name }) => name))}`, next)
  const apiservers = 'value' in flags['kube-apiserver'] ? flags['kube-apiserver'].value : []
  const plain = apiservers.flatMap(plainOf)
  if (plain.length > 0) return fail(`the apiserver connects without TLS: ${few(plain)}`, next)
  return eachProcess(facts, 'etcd', (one) => judgeListener(one, 'client'))
}

function judgeListener(flags: Flags, of: 'client' | 'peer'): Judgement {
  const certificates = of === 'client' ? 'client-cert-auth' : 'peer-client-cert-auth'
  const urls = `listen-${of}-urls`
  const next = `Set --${urls} to https addresses, and --${certificates}`
  const given = itemsOf(flags, urls)
  // Without the flag etcd listens on http://localhost.
  const plain = given.length === 0 ? ['http://localhost'] : given.filter((url) => !url.startsWith('https:'))
  if (plain.length > 0) return fail(`--${urls} without TLS: ${few(plain)}`, next)
  return isOn(flags, certificates, false)
    ? pass(`https, --${certificates}`)
    : fail(`https, but no --${certificates}`, next)
}

/** What a kubelet lets through; nothing where it asks everybody who calls. */
function lacksOf({ clientCaFile, allowsAnonymous, authorization }: KubeletFact): string[] {
  return [
    (clientCaFile ?? '') === '' && 'no client CA',
    allowsAnonymous !== false && 'anonymous requests are accepted',
    authorization !== 'Webhook' && `authorization is ${authorization ?? 'not shown'}`,
  ].filter((lack) => lack !== false)
}
