import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createClientCa } from '../../../testing/client-ca.ts'
import { createSigner, nodeSubject, proxySubject, requestFor } from './certificates.ts'

const now = new Date('2026-06-01T00:00:00Z')
const hourMs = 60 * 60 * 1000

function partsOf(pem: string) {
  const at = pem.indexOf('-----BEGIN PRIVATE KEY')
  return { certificate: new X509Certificate(pem.slice(0, at)), key: createPrivateKey(pem.slice(at)) }
}

describe('createSigner', () => {
  it.each(['ec', 'rsa'] as const)('should issue what a %s CA vouches for, with a key of its own', async (type) => {
    const ca = await createClientCa(type)
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
    const signer = await createSigner(await createClientCa('ec', { notAfter }), now, 24 * hourMs)
    expect(partsOf(await signer.sign(proxySubject)).certificate.validToDate).toEqual(notAfter)
  })

  it('should refuse what is no CA, or not its key, without quoting the key', async () => {
    const ca = await createClientCa('ec')
    const other = await createClientCa('ec')
    const refused = async (pair: { cert: string; key: string }) => {
      const error = await createSigner(pair, now, hourMs).catch((thrown: Error) => thrown)
      if (!(error instanceof Error)) throw new Error('accepted')
      expect(error.message).not.toContain('PRIVATE')
      return error.message
    }
    expect(await refused({ cert: ca.cert, key: other.key })).toContain('the key does not match the certificate')
    expect(await refused({ cert: ca.key, key: ca.key })).toContain('the certificate cannot be read')
    expect(await refused({ cert: ca.cert, key: ca.cert })).toContain('the key cannot be read')
    expect(await refused(await createClientCa('ec', { isCa: false }))).toContain('not a CA certificate')
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
