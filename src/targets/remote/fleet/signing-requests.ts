import { orAborted } from '../../../base/abort.ts'
import type { Clock } from '../../../base/clock.ts'
import { Failure } from '../../../base/errors.ts'
import type { KubeApi } from '../../../kube/api.ts'
import { follow } from '../../../kube/follow.ts'
import { createNew } from './create-new.ts'

/** A request for a certificate. */
export interface Wanted {
  /** Of the CertificateSigningRequest. */
  name: string
  signerName: 'kubernetes.io/kube-apiserver-client-kubelet' | 'kubernetes.io/kube-apiserver-client'
  /** PKCS #10, PEM. */
  request: string
}

export interface SigningOptions {
  api: KubeApi
  clock: Clock
  /** On every request, so that what a killed run leaves can be found. */
  labels: Readonly<Record<string, string>>
  /** Selects those requests. */
  selector: string
  validSeconds: number
}

/** Requests certificates of a cluster, with one watch for all until it is disposed of. */
export interface SigningRequests extends AsyncDisposable {
  /**
   * Creates a request, approves it, and deletes it when the certificate is there, whose PEM it returns. Throws `Failure('infrastructure')` when it
   * is denied or fails, `Failure('safety-refusal')` when a request of that name is there, and the signal's reason when it aborts.
   */
  sign(wanted: Wanted): Promise<string>
}

/** Watches for certificates from now on. */
export function openSigningRequests(options: SigningOptions, signal: AbortSignal): SigningRequests {
  const { api, clock, labels, selector, validSeconds } = options
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

  return {
    async sign({ name, signerName, request }) {
      signal.throwIfAborted()
      const answer = Promise.withResolvers<string>()
      answer.promise.catch(() => {})
      waiting.set(name, answer)
      try {
        const created = await createNew(api, 'certificatesigningrequests', {
          metadata: { name, labels: { ...labels } },
          spec: {
            request: Buffer.from(request).toString('base64'),
            signerName,
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
        return certificate
      } finally {
        waiting.delete(name)
      }
    },
    async [Symbol.asyncDispose]() {
      ending.abort()
      await watching
    },
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
  return new Failure('infrastructure', `the target did not sign ${name} (${type}${why === '' ? '' : `: ${why}`})`, {
    next: 'Let its controller-manager sign kubelet certificates, or have scale-test sign them: fleet.pods.identity: ca',
  })
}
