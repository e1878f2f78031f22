import { atOnce } from '../../../base/at-once.ts'
import type { Clock } from '../../../base/clock.ts'
import { Failure, messageOf } from '../../../base/errors.ts'
import { readTextFile } from '../../../base/files.ts'
import type { HollowFleetSpec, ManifestOptions } from '../../../fleet/manifests.ts'
import { ownLabels, runSelector } from '../../../fleet/manifests.ts'
import { nodeName } from '../../../fleet/pods.ts'
import type { KubeApi } from '../../../kube/api.ts'
import type { Subject } from './certificates.ts'
import type { Wanted } from './signing-requests.ts'
import { requestCertificates } from './signing-requests.ts'

export interface IdentityOptions extends Pick<ManifestOptions, 'runId' | 'armId'> {
  target: KubeApi
  spec: Pick<HollowFleetSpec, 'nodes' | 'pods'>
  clock: Clock
  /** The wall clock, by which certificates begin and end. */
  now: Date
  report?: ((done: number) => void) | undefined
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

/** What the CertificateSigningRequest of a subject is called. */
export function requestName({ runId, armId }: Pick<ManifestOptions, 'runId' | 'armId'>, subject: string): string {
  return `scale-test-${runId}-${armId}-${subject}`
}

/**
 * Gets every node a client certificate of its own: requested from the target, or signed here with its clients' CA. Throws `Failure`
 * when there is none to be had, and the signal's reason when it aborts.
 */
export async function obtainIdentities(options: IdentityOptions, signal: AbortSignal): Promise<Identities> {
  const { spec } = options
  // A seventh of a second to load, and a dry run does not need it.
  const certificates = await import('./certificates.ts')
  const subjects = Array.from({ length: spec.nodes }, (_, node) => ({
    name: nodeName(node),
    subject: certificates.nodeSubject(nodeName(node)),
  }))
  if (spec.pods.proxy) subjects.push({ name: 'proxy', subject: certificates.proxySubject })
  const pems =
    spec.pods.identity === 'ca'
      ? await signed(subjects, options, certificates, signal)
      : await requested(subjects, options, certificates, signal)
  return { nodes: pems.slice(0, spec.nodes), proxy: pems[spec.nodes] ?? '' }
}

type Certificates = typeof import('./certificates.ts')
type Named = { name: string; subject: Subject }

async function signed(
  subjects: readonly Named[],
  { spec, now, report }: IdentityOptions,
  { createSigner }: Certificates,
  signal: AbortSignal,
): Promise<string[]> {
  const { ca } = spec.pods
  if (ca === undefined) throw new Error('fleet.pods.identity ca without fleet.pods.ca')
  const pem = { cert: readPem(ca.cert), key: readPem(ca.key) }
  const signer = await createSigner(pem, now, validSeconds * 1000)
  let done = 0
  return atOnce(signaturesAtOnce, subjects, async ({ subject }) => {
    signal.throwIfAborted()
    const certificate = await signer.sign(subject)
    report?.(++done)
    return certificate
  })
}

function readPem(file: string): string {
  try {
    return readTextFile(file)
  } catch (error) {
    throw new Failure('bad-input', `fleet.pods.ca: ${messageOf(error)}`, { next: 'Check the path and its permissions' })
  }
}

function requested(
  subjects: readonly Named[],
  options: IdentityOptions,
  { requestFor }: Certificates,
  signal: AbortSignal,
): Promise<string[]> {
  const wanted = subjects.map(
    ({ name, subject }): Wanted => ({
      name: requestName(options, name),
      signer:
        subject.groups.length > 0
          ? 'kubernetes.io/kube-apiserver-client-kubelet'
          : 'kubernetes.io/kube-apiserver-client',
      make: () => requestFor(subject),
    }),
  )
  const { target: api, clock, runId, report } = options
  const request = { api, clock, labels: ownLabels(options), selector: runSelector(runId), validSeconds, report }
  return requestCertificates(wanted, request, signal)
}
