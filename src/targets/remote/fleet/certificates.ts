import 'reflect-metadata'
import { createPrivateKey, webcrypto } from 'node:crypto'
import {
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  Pkcs10CertificateRequestGenerator,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'
import { Failure, messageOf } from '../../../base/errors.ts'

/** Whom the target's apiserver takes a client for. */
export interface Subject {
  user: string
  groups: readonly string[]
}

/** What a hollow kubelet is: the Node authorizer and flow control tell nodes apart by it. */
export function nodeSubject(node: string): Subject {
  return { user: `system:node:${node}`, groups: ['system:nodes'] }
}

/** Whom the role system:node-proxier is bound to. */
export const proxySubject: Subject = { user: 'system:kube-proxy', groups: [] }

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

/** A key and the request for a certificate of it, PEM. */
export interface KeyWithRequest {
  key: string
  request: string
}

/** Makes a key and asks for its certificate. */
export async function requestFor(subject: Subject): Promise<KeyWithRequest> {
  const keys = await generateKeys()
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: nameOf(subject),
    keys,
    signingAlgorithm: algorithm,
  })
  return { key: await keyPem(keys), request: `${request.toString('pem')}\n` }
}

/** Issues certificates without anybody being asked. */
export interface Signer {
  /** A certificate and its key, PEM, in this order. */
  sign(subject: Subject): Promise<string>
}

/** How long before now certificates become valid: clocks of machines differ. */
const toleratedSkewMs = 60 * 60 * 1000

/**
 * Signs with a CA's key, which stays here. Throws `Failure('bad-input')` when the two do not go together or are no CA; no message
 * quotes the key.
 */
export async function createSigner(ca: { cert: string; key: string }, now: Date, validMs: number): Promise<Signer> {
  const { certificate, signingKey } = await loadCa(ca)
  const notAfter = new Date(Math.min(now.getTime() + validMs, certificate.notAfter.getTime()))
  const notBefore = new Date(Math.max(now.getTime() - toleratedSkewMs, certificate.notBefore.getTime()))
  return {
    async sign(subject) {
      const keys = await generateKeys()
      const signed = await X509CertificateGenerator.create({
        subject: nameOf(subject),
        // Byte by byte the CA's: apiservers compare encodings.
        issuer: certificate.subjectName,
        notBefore,
        notAfter,
        publicKey: keys.publicKey,
        signingKey,
        extensions: [
          new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
          new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth]),
        ],
      })
      return `${signed.toString('pem')}\n${await keyPem(keys)}`
    },
  }
}

async function loadCa({ cert, key }: { cert: string; key: string }) {
  const refuse = (what: string) =>
    new Failure('bad-input', `fleet.pods.ca: ${what}`, {
      next: "Name the CA that the target's apiserver trusts for clients (--client-ca-file), and its key, as PEM files",
    })
  let certificate: X509Certificate
  let signingKey: webcrypto.CryptoKey
  try {
    certificate = new X509Certificate(cert)
  } catch (error) {
    throw refuse(`the certificate cannot be read: ${messageOf(error)}`)
  }
  try {
    const loaded = createPrivateKey(key)
    const der = loaded.export({ type: 'pkcs8', format: 'der' })
    const curve = loaded.asymmetricKeyDetails?.namedCurve
    const kind =
      loaded.asymmetricKeyType === 'rsa'
        ? { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
        : { name: 'ECDSA', namedCurve: curvesByOpenssl[curve ?? ''] ?? '' }
    signingKey = await webcrypto.subtle.importKey('pkcs8', der, kind, false, ['sign'])
  } catch {
    throw refuse('the key cannot be read: it is neither RSA nor ECDSA in PEM, or it is encrypted')
  }
  const { X509Certificate: NodeCertificate } = await import('node:crypto')
  const held = new NodeCertificate(cert)
  if (!held.ca) throw refuse('the certificate is not a CA certificate')
  if (!held.checkPrivateKey(createPrivateKey(key))) throw refuse('the key does not match the certificate')
  return { certificate, signingKey }
}

const curvesByOpenssl: Readonly<Record<string, string>> = {
  prime256v1: 'P-256',
  secp384r1: 'P-384',
  secp521r1: 'P-521',
}

function nameOf({ user, groups }: Subject) {
  return [{ CN: [user] }, ...groups.map((group) => ({ O: [group] }))]
}

function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
}

/** SEC 1 or PKCS #8 would do; a hollow node reads either. */
async function keyPem(keys: webcrypto.CryptoKeyPair): Promise<string> {
  return `${PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY')}\n`
}
