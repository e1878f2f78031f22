import { atOnce } from '../../../base/at-once.ts'
import type { Clock } from '../../../base/clock.ts'
import { Failure, messageOf } from '../../../base/errors.ts'
import { readTextFile } from '../../../base/files.ts'
import type { Report } from '../../../base/progress.ts'
import type { HollowFleetSpec, ManifestOptions } from '../../../fleet/manifests.ts'
import { ownLabels, runSelector } from '../../../fleet/manifests.ts'
import { nodeName } from '../../../fleet/pods.ts'
import type { KubeApi } from '../../../kube/api.ts'
import type { Subject } from './certificates.ts'
import { openSigningRequests } from './signing-requests.ts'

export interface IdentityOptions extends Pick<ManifestOptions, 'runId' | 'armId'> {
  target: KubeApi
  spec: Pick<HollowFleetSpec, 'nodes' | 'pods'>
  clock: Clock
  /** The wall clock, by which certificates begin and end. */
  now: Date
  report?: Report | undefined
}

/** Certificates with their keys, PEM. */
export interface Identities {
  /** By the nodes' numbers. */
  nodes: readonly string[]
  /** Of the hollow proxies, which share one; empty where there are none. */
  proxy: string
}

/** Longer than any arm; a signer may give less. Certificates cannot be taken back, so not much longer. */
const validSeconds = 24 * 60 * 60
/** More would not be quicker: making keys and signing takes the processor. */
const signaturesAtOnce = 8
/** The controller-manager signs 20 a second at most unless it is tuned: more would only wait there. */
const requestsAtOnce = 32

/** What the CertificateSigningRequest of a subject is called. */
export function requestName({ runId, armId }: Pick<ManifestOptions, 'runId' | 'armId'>, subject: string): string {
  return `scale-test-${runId}-${armId}-${subject}`
}

/** Whoever issues certificates, to so many subjects at a time. */
export interface Issuer extends AsyncDisposable {
  readonly mostAtOnce: number
  /** A certificate and its key, PEM, in this order. */
  issue(named: Named): Promise<string>
}

/** Somebody who gets a certificate. */
export interface Named {
  /** What a request is called by: `hollow-7`. */
  name: string
  subject: Subject
}

/**
 * Gets every node a client certificate of its own: requested from the target, or signed here with its clients' CA. Throws `Failure`
 * when there is none to be had, and the signal's reason when it aborts.
 */
export async function obtainIdentities(options: IdentityOptions, signal: AbortSignal): Promise<Identities> {
  const { spec, report } = options
  // A seventh of a second to load, and a dry run does not need it.
  const certificates = await import('./certificates.ts')
  const subjects = Array.from({ length: spec.nodes }, (_, node): Named => {
    const name = nodeName(node)
    return { name, subject: certificates.nodeSubject(name) }
  })
  if (spec.pods.proxy) subjects.push({ name: 'proxy', subject: certificates.proxySubject })
  await using issuer =
    spec.pods.identity === 'ca' ? await signer(options, certificates) : requester(options, certificates, signal)
  let done = 0
  const pems = await atOnce(issuer.mostAtOnce, subjects, async (named) => {
    signal.throwIfAborted()
    const pem = await issuer.issue(named)
    report?.({ done: ++done, total: subjects.length, unit: 'certificates' })
    return pem
  })
  return { nodes: pems.slice(0, spec.nodes), proxy: pems[spec.nodes] ?? '' }
}

type Certificates = typeof import('./certificates.ts')

async function signer({ spec, now }: IdentityOptions, { createSigner }: Certificates): Promise<Issuer> {
  const { ca } = spec.pods
  if (ca === undefined) throw new Error('fleet.pods.identity ca without fleet.pods.ca')
  const pem = { cert: readPem(ca.cert), key: readPem(ca.key) }
  const { sign } = await createSigner(pem, now, validSeconds * 1000)
  return { mostAtOnce: signaturesAtOnce, issue: ({ subject }) => sign(subject), [Symbol.asyncDispose]: async () => {} }
}

function readPem(file: string): string {
  try {
    return readTextFile(file)
  } catch (error) {
    throw new Failure('bad-input', `fleet.pods.ca: ${messageOf(error)}`, { next: 'Check the path and its permissions' })
  }
}

function requester(options: IdentityOptions, { requestFor }: Certificates, signal: AbortSignal): Issuer {
  const { target: api, clock, runId } = options
  const asking = { api, clock, labels: ownLabels(options), selector: runSelector(runId), validSeconds }
  const requests = openSigningRequests(asking, signal)
  return {
    mostAtOnce: requestsAtOnce,
    async issue({ name, subject }) {
      const { key, request } = await requestFor(subject)
      const signerName =
        subject.groups.length > 0
          ? 'kubernetes.io/kube-apiserver-client-kubelet'
          : 'kubernetes.io/kube-apiserver-client'
      const certificate = await requests.sign({ name: requestName(options, name), request, signerName })
      return certificate.endsWith('\n') ? certificate + key : `${certificate}\n${key}`
    },
    [Symbol.asyncDispose]: requests[Symbol.asyncDispose],
  }
}
