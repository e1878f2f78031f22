import { orAborted } from '../../../base/abort.ts'
import { atOnce } from '../../../base/at-once.ts'
import type { Clock } from '../../../base/clock.ts'
import { Failure } from '../../../base/errors.ts'
import type { KubeApi } from '../../../kube/api.ts'
import { follow } from '../../../kube/follow.ts'
import type { KeyWithRequest } from './certificates.ts'
import { createNew } from './create-new.ts'

/** A certificate that is wanted: by whom the request is named, and who signs. */
export interface Wanted {
  /** Of the CertificateSigningRequest. */
  name: string
  signer: 'kubernetes.io/kube-apiserver-client-kubelet' | 'kubernetes.io/kube-apiserver-client'
  make(): Promise<KeyWithRequest>
}

export interface SigningOptions {
  api: KubeApi
  clock: Clock
  /** On every request, so that what a killed run leaves can be found. */
  labels: Readonly<Record<string, string>>
  /** Selects those requests. */
  selector: string
  validSeconds: number
  report?: ((done: number) => void) | undefined
}

/** The controller-manager signs 20 a second at most unless it is tuned: more would only wait there. */
const requestsAtOnce = 32

/**
 * Requests certificates of the cluster, approves the requests, and deletes each one when its certificate is there. Returns PEM text, a
 * certificate followed by its key, in the order of `wanted`. Throws `Failure('infrastructure')` when one is denied or fails,
 * `Failure('safety-refusal')` when a request of that name is there, and the signal's reason when it aborts.
 */
export async function requestCertificates(
  wanted: readonly Wanted[],
  options: SigningOptions,
  signal: AbortSignal,
): Promise<string[]> {
  const { api, clock, labels, selector, validSeconds, report } = options
  const ending = new AbortController()
  const waiting = new Map<string, { resolve(certificate: string): void; reject(error: unknown): void }>()
  const watch = async () => {
    const query = { resource: 'certificatesigningrequests', labelSelector: selector } as const
    for await (const event of follow(api, query, { clock, signal: AbortSignal.any([signal, ending.signal]) })) {
      if (event.type === 'SYNCED' || event.type === 'DELETED') continue
      const { metadata, status } = event.object
      const asker = waiting.get(metadata.name ?? '')
      const refusal = status?.conditions?.find(({ type }) => type === 'Denied' || type === 'Failed')
      if (refusal !== undefined) asker?.reject(refused(metadata.name ?? '', refusal))
      else if (status?.certificate) asker?.resolve(Buffer.from(status.certificate, 'base64').toString())
    }
  }
  const broken = Promise.withResolvers<never>()
  broken.promise.catch(() => {})
  const watching = watch().catch((error: unknown) => broken.reject(error))

  let done = 0
  const obtain = async ({ name, signer, make }: Wanted): Promise<string> => {
    signal.throwIfAborted()
    const { key, request } = await make()
    const answer = Promise.withResolvers<string>()
    answer.promise.catch(() => {})
    waiting.set(name, answer)
    try {
      const created = await createNew(api, 'certificatesigningrequests', {
        metadata: { name, labels: { ...labels } },
        spec: {
          request: Buffer.from(request).toString('base64'),
          signerName: signer,
          usages: ['digital signature', 'client auth'],
          expirationSeconds: validSeconds,
        },
      })
      await approve(api, name)
      const certificate = await orAborted(signal, answer.promise, broken.promise)
      // What is left behind is found by its label, and harmless: it is deleted when the fleet is.
      await api
        .delete({ resource: 'certificatesigningrequests', name }, { uid: created.metadata.uid ?? '' })
        .catch(() => {})
      report?.(++done)
      return certificate.endsWith('\n') ? certificate + key : `${certificate}\n${key}`
    } finally {
      waiting.delete(name)
    }
  }
  try {
    return await atOnce(requestsAtOnce, wanted, obtain)
  } finally {
    ending.abort()
    await watching
  }
}

async function approve(api: KubeApi, name: string): Promise<void> {
  const approved = {
    type: 'Approved',
    status: 'True',
    reason: 'ScaleTest',
    message: 'A hollow node of this run',
  }
  const body = { status: { conditions: [approved] } }
  await api.patch({ resource: 'certificatesigningrequests', name }, { type: 'merge', body }, 'approval')
}

function refused(
  name: string,
  { type, reason, message }: { type: string; reason?: string; message?: string },
): Failure {
  const why = [reason, message].filter((text) => text !== undefined && text !== '').join(': ')
  return new Failure('infrastructure', `the target does not sign ${name} (${type}${why === '' ? '' : `: ${why}`})`, {
    next: 'Let its controller-manager sign certificates of kubelets, or sign here: fleet.pods.identity: ca',
  })
}
