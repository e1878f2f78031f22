import 'reflect-metadata'
import { createPrivateKey, generateKeyPairSync, webcrypto, X509Certificate } from 'node:crypto'
import { BasicConstraintsExtension, X509CertificateGenerator } from '@peculiar/x509'
import { describe, expect, it } from 'vitest'
import { createSigner, nodeSubject, proxySubject, requestFor } from './certificates.ts'

const now = new Date('2026-06-01T00:00:00Z')
const hourMs = 60 * 60 * 1000

async function caOf(type: 'ec' | 'rsa', { isCa = true, notAfter = new Date('2036-01-01T00:00:00Z') } = {}) {
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

function partsOf(pem: string) {
  const at = pem.indexOf('-----BEGIN PRIVATE KEY')
  return { certificate: new X509Certificate(pem.slice(0, at)), key: createPrivateKey(pem.slice(at)) }
}

describe('createSigner', () => {
  it.each(['ec', 'rsa'] as const)('should issue what a %s CA vouches for, with a key of its own', async (type) => {
    const ca = await caOf(type)
    const signer = await createSigner(ca, now, 24 * hourMs)
    const { certificate, key } = partsOf(await signer.sign(nodeSubject('hollow-7')))
    const issuer = new X509Certificate(ca.cert)
    expect(certificate.checkIssued(issuer)).toBe(true)
    expect(certificate.verify(issuer.publicKey)).toBe(true)
    expect(certificate.checkPrivateKey(key)).toBe(true)
    expect(certificate.subject).toBe('CN=system:node:hollow-7\nO=system:nodes')
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2'])
    expect(certificate.validFromDate).toEqual(new Date(now.getTime() - hourMs))
    expect(certificate.validToDate).toEqual(new Date(now.getTime() + 24 * hourMs))
    const other = partsOf(await signer.sign(nodeSubject('hollow-7')))
    expect(other.key.equals(key)).toBe(false)
  })

  it('should never outlive the CA', async () => {
    const notAfter = new Date(now.getTime() + hourMs)
    const signer = await createSigner(await caOf('ec', { notAfter }), now, 24 * hourMs)
    expect(partsOf(await signer.sign(proxySubject)).certificate.validToDate).toEqual(notAfter)
  })

  it('should refuse what is no CA, or not its key, without quoting the key', async () => {
    const ca = await caOf('ec')
    const other = await caOf('ec')
    const refused = async (pair: { cert: string; key: string }) => {
      const error = await createSigner(pair, now, hourMs).catch((thrown: Error) => thrown)
      if (!(error instanceof Error)) throw new Error('accepted')
      expect(error.message).not.toContain('PRIVATE')
      return error.message
    }
    expect(await refused({ cert: ca.cert, key: other.key })).toContain('the key is not the one of the certificate')
    expect(await refused({ cert: ca.key, key: ca.key })).toContain('the certificate cannot be read')
    expect(await refused({ cert: ca.cert, key: ca.cert })).toContain('the key cannot be read')
    expect(await refused(await caOf('ec', { isCa: false }))).toContain('not one of a CA')
    const { privateKey } = generateKeyPairSync('ed25519')
    const key = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
    expect(await refused({ cert: ca.cert, key })).toContain('the key cannot be read')
  })
})

describe('requestFor', () => {
  it('should be a PKCS #10 request', async () => {
    const { request, key } = await requestFor(nodeSubject('hollow-0'))
    expect(request).toMatch(/^-----BEGIN CERTIFICATE REQUEST-----\n/)
    expect(createPrivateKey(key).asymmetricKeyType).toBe('ec')
  })
})
