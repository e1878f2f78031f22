import { createPrivateKey, X509Certificate } from 'node:crypto'
import { resolve } from 'node:path'
import { Failure, messageOf } from '../../base/errors.ts'
import { readTextFile } from '../../base/files.ts'
import type { KubeconfigContext } from './kubeconfig.ts'
import { largestFileBytes, mistakeOf } from './kubeconfig.ts'
import type { FieldPath } from './yaml.ts'

/** A client certificate and its key, PEM. */
export interface KeyPair {
  cert: Buffer
  key: Buffer
}

type PemField = 'certificate-authority' | 'client-certificate' | 'client-key'
type PemFields = Readonly<Partial<Record<PemField | `${PemField}-data`, string | undefined>>>

/** What a field holds, and its name. */
interface Pem {
  field: string
  content: Buffer
}

/** The certificates that the server's has to be signed by. Throws `Failure`. */
export function authorityIn(context: KubeconfigContext, path: FieldPath, fields: PemFields): Buffer | undefined {
  const authority = pemIn(context, path, fields, 'certificate-authority')
  if (authority !== undefined && certificateIn(authority.content) === undefined)
    throw context.refusal([mistakeOf(path, authority.field, 'this is not a PEM certificate')])
  return authority?.content
}

/** The client certificate with its key. Throws `Failure` also when one of them is missing, or belongs to something else. */
export function keyPairIn(context: KubeconfigContext, path: FieldPath, fields: PemFields): KeyPair | undefined {
  const refused = (field: string, what: string) => context.refusal([mistakeOf(path, field, what)])
  const cert = pemIn(context, path, fields, 'client-certificate')
  const key = pemIn(context, path, fields, 'client-key')
  if (cert === undefined && key === undefined) return undefined
  if (cert === undefined) throw refused(key?.field ?? '', 'needs a client-certificate')
  if (key === undefined) throw refused(cert.field, 'needs a client-key')
  const reason = whyNoPair(cert.content, key.content)
  if (reason !== undefined) throw refused(reason.of === 'cert' ? cert.field : key.field, reason.what)
  return { cert: cert.content, key: key.content }
}

/** What is wrong with a certificate or its key; undefined when they belong together. */
export function whyNoPair(cert: Buffer, key: Buffer): { of: 'cert' | 'key'; what: string } | undefined {
  const certificate = certificateIn(cert)
  if (certificate === undefined) return { of: 'cert', what: 'this is not a PEM certificate' }
  try {
    if (certificate.checkPrivateKey(createPrivateKey(key))) return undefined
    return { of: 'key', what: 'this is the key of another certificate' }
  } catch {
    return { of: 'key', what: 'this is not an unencrypted PEM key' }
  }
}

/** The first certificate in a text; undefined when there is none. */
export function certificateIn(pem: Buffer): X509Certificate | undefined {
  try {
    return new X509Certificate(pem)
  } catch {
    return undefined
  }
}

/** What is inside the kubeconfig, as base64, goes before what is in a file. */
function pemIn(
  { folder, placed }: KubeconfigContext,
  path: FieldPath,
  fields: PemFields,
  field: PemField,
): Pem | undefined {
  const data = fields[`${field}-data`]
  if (data !== undefined) return { field: `${field}-data`, content: Buffer.from(data, 'base64') }
  const file = fields[field]
  if (file === undefined) return undefined
  try {
    return { field, content: Buffer.from(readTextFile(resolve(folder, file), largestFileBytes)) }
  } catch (error) {
    throw new Failure('infrastructure', `${placed([...path, field])}: ${messageOf(error)}`, {
      next: 'Restore the file, or write the kubeconfig with: kubectl config view --raw --flatten',
    })
  }
}
