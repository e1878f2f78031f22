import { z } from 'zod'
import { isHeaderText } from './headers.ts'
import type { KeyPair } from './pem.ts'
import { whyNoPair } from './pem.ts'
import { readYaml } from './yaml.ts'

/** The versions of the plugins' interface that client-go speaks. */
export const execApiVersions = ['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1'] as const
export type ExecApiVersion = (typeof execApiVersions)[number]

/** What a credential plugin gave: a token, a certificate, or both. */
export interface ExecCredential {
  token: string | undefined
  certificate: KeyPair | undefined
  /** When they end, if the plugin says so. */
  expiresAt: Date | undefined
}

const text = z.string().nullish()
const status = z.object({
  token: text,
  clientCertificateData: text,
  clientKeyData: text,
  expirationTimestamp: z.iso.datetime({ offset: true }).nullish(),
})

/** Reads the ExecCredential that a plugin printed, or says why it cannot be used. Never quotes it. */
export function credentialIn(output: string, apiVersion: ExecApiVersion): ExecCredential | { because: string } {
  const document = readYaml(output)
  const object = 'reason' in document ? undefined : asMap(document.value)
  if (object === undefined) return { because: 'printed something other than an ExecCredential in JSON' }
  if (object['kind'] !== 'ExecCredential') return { because: 'printed an object whose kind is not ExecCredential' }
  if (object['apiVersion'] !== apiVersion) {
    const other = execApiVersions.find((one) => one === object['apiVersion']) ?? 'another apiVersion'
    return { because: `printed ${other}, but the kubeconfig asks for ${apiVersion}` }
  }
  if (object['status'] == null) return { because: 'printed an ExecCredential without a status' }
  const parsed = status.safeParse(object['status'])
  if (!parsed.success) {
    const field = parsed.error.issues[0]?.path[0]
    return {
      because: `printed an ExecCredential whose status${field === undefined ? '' : `.${String(field)}`} has the wrong form`,
    }
  }
  const { token, clientCertificateData: cert, clientKeyData: key, expirationTimestamp } = parsed.data
  if (!token && !cert && !key) return { because: 'printed an ExecCredential without a token or a certificate' }
  if (!isHeaderText(token ?? '')) return { because: 'printed a token with a line break or a control character' }
  if (!cert !== !key) return { because: 'printed a certificate without its key, or a key without its certificate' }
  const certificate = cert && key ? { cert: Buffer.from(cert), key: Buffer.from(key) } : undefined
  const reason = certificate === undefined ? undefined : whyNoPair(certificate.cert, certificate.key)
  if (reason !== undefined)
    return { because: `printed a ${reason.of === 'cert' ? 'certificate' : 'key'} that cannot be used: ${reason.what}` }
  return {
    token: token || undefined,
    certificate,
    expiresAt: expirationTimestamp == null ? undefined : new Date(expirationTimestamp),
  }
}

function asMap(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined
}
