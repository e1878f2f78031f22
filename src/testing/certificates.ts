import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import { isIP } from 'node:net'
import * as x509 from '@peculiar/x509'

/** A certificate and its key, PEM. */
interface TestIdentity {
  cert: string
  key: string
}

/** An authority made for one test, with a server for 127.0.0.1 and a client that it vouches for. */
export interface TestCertificates {
  ca: string
  server: TestIdentity
  client: TestIdentity
  /** A server with other names or addresses. */
  serverFor(names: readonly string[]): Promise<TestIdentity>
  /** The server, once its time was over. */
  expiredServer(): Promise<TestIdentity>
}

/** Makes certificates that are valid until the end of 2099. */
export async function createTestCertificates(): Promise<TestCertificates> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const newKeys = () => webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const validity = { notBefore: new Date('2020-01-01T00:00:00Z'), notAfter: new Date('2099-12-31T00:00:00Z') }
  const authorityKeys = await newKeys()
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity,
    serialNumber: '01',
    name: 'CN=test authority',
    signingAlgorithm: algorithm,
    keys: authorityKeys,
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
  })

  async function issue(
    serialNumber: string,
    subject: string,
    names: readonly string[] = ['127.0.0.1'],
    within = validity,
  ): Promise<TestIdentity> {
    const keys = await newKeys()
    const certificate = await x509.X509CertificateGenerator.create({
      ...within,
      serialNumber,
      subject,
      issuer: authority.subject,
      signingAlgorithm: algorithm,
      publicKey: keys.publicKey,
      signingKey: authorityKeys.privateKey,
      extensions: [
        new x509.SubjectAlternativeNameExtension(
          names.map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value })),
        ),
      ],
    })
    const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)
    return { cert: certificate.toString('pem'), key: x509.PemConverter.encode(key, 'PRIVATE KEY') }
  }

  return {
    ca: authority.toString('pem'),
    server: await issue('02', 'CN=kube-apiserver'),
    client: await issue('03', 'CN=tester, O=system:masters'),
    serverFor: (names) => issue('04', 'CN=kube-apiserver', names),
    expiredServer: () =>
      issue('05', 'CN=kube-apiserver', undefined, { ...validity, notAfter: new Date('2021-01-01T00:00:00Z') }),
  }
}
