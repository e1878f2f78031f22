import 'reflect-metadata'
import { createPrivateKey, webcrypto } from 'node:crypto'
import { BasicConstraintsExtension, X509CertificateGenerator } from '@peculiar/x509'

/** A CA that an apiserver could trust clients by, made for one test, and its key; PEM. */
export async function createClientCa(
  type: 'ec' | 'rsa',
  { isCa = true, notAfter = new Date('2036-01-01T00:00:00Z') } = {},
): Promise<{ cert: string; key: string }> {
  const algorithm =
    type === 'ec'
      ? { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' }
      : { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) }
  const keys = (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: [{ CN: ['kubernetes'] }],
    keys,
    signingAlgorithm: algorithm,
    notBefore: new Date('2026-01-01T00:00:00Z'),
    notAfter,
    extensions: [new BasicConstraintsExtension(isCa, undefined, true)],
  })
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey))
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  // As kubeadm writes them: RSA in PKCS #1.
  const pem = key.export({ format: 'pem', type: type === 'rsa' ? 'pkcs1' : 'sec1' }).toString()
  return { cert: certificate.toString('pem'), key: pem }
}
