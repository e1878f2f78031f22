import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import { join } from 'node:path'
import type { Extension } from '@peculiar/x509'
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509'
import { makeFolder, writeFileWhole } from '../../base/files.ts'

/** First address of the service range: where pods would find the apiserver, so its certificate names it. */
const kubernetesServiceIp = '10.0.0.1'

const dayMs = 24 * 60 * 60 * 1000
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

/** A certificate and its private key (PKCS #8), as PEM text and as files. */
export interface KeyPair {
  cert: string
  key: string
  certFile: string
  keyFile: string
}

/** Every identity of one cluster. The files lie in one folder, readable by their owner only. */
export interface Pki {
  /** Signs all others. Hollow nodes get its key too and make one client certificate per node with it. */
  ca: KeyPair
  /** Served by etcd and all control-plane components: one machine, one loopback address, one certificate. */
  server: KeyPair
  /**
   * The orchestrator. Its group `system:masters` passes every authorization and is exempt from API Priority and
   * Fairness, so that what measures is never queued behind what is measured.
   */
  admin: KeyPair
  controllerManager: KeyPair
  scheduler: KeyPair
  /** The apiserver, towards etcd. */
  etcdClient: KeyPair
  /** Signs service-account tokens. */
  serviceAccount: { keyFile: string; publicKeyFile: string }
}

/** Whom a client certificate names. */
export interface Subject {
  commonName: string
  group?: string
}

/** Issues the certificates of one cluster into one folder, named `<fileName>.crt` and `<fileName>.key`. */
export interface Authority {
  readonly ca: KeyPair
  /** For somebody who asks. */
  client(fileName: string, subject: Subject): Promise<KeyPair>
  /** For somebody who answers under these addresses and names; etcd also dials itself with it. */
  server(
    fileName: string,
    commonName: string,
    at: { addresses: readonly string[]; hosts?: readonly string[] },
  ): Promise<KeyPair>
  /** Keys without a certificate. */
  keys(fileName: string): Promise<{ keyFile: string; publicKeyFile: string }>
}

/**
 * Makes a certificate authority in `folder` (created if need be). What it issues holds for a month from a day before
 * `now`, so that a jump of the wall clock in mid-run breaks nothing.
 */
export async function createAuthority(folder: string, now: Date): Promise<Authority> {
  makeFolder(folder, 0o700)
  const write = (name: string, text: string): string => {
    const file = join(folder, name)
    writeFileWhole(file, text)
    return file
  }
  const notBefore = new Date(now.getTime() - dayMs)
  const notAfter = new Date(now.getTime() + 30 * dayMs)

  const caName = 'CN=scale-test'
  const caKeys = await generateKeys()
  const issue = async (
    fileName: string,
    subject: string,
    keys: webcrypto.CryptoKeyPair,
    extensions: Extension[],
  ): Promise<KeyPair> => {
    const certificate = await X509CertificateGenerator.create({
      subject,
      issuer: caName,
      notBefore,
      notAfter,
      signingAlgorithm: algorithm,
      publicKey: keys.publicKey,
      signingKey: caKeys.privateKey,
      extensions,
    })
    const cert = `${certificate.toString('pem')}\n`
    const key = await privateKeyPem(keys)
    return { cert, key, certFile: write(`${fileName}.crt`, cert), keyFile: write(`${fileName}.key`, key) }
  }

  return {
    ca: await issue('ca', caName, caKeys, [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.digitalSignature, true),
    ]),
    client: async (fileName, { commonName, group }) =>
      issue(fileName, group === undefined ? `CN=${commonName}` : `CN=${commonName}, O=${group}`, await generateKeys(), [
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth]),
      ]),
    server: async (fileName, commonName, { addresses, hosts = [] }) =>
      issue(fileName, `CN=${commonName}`, await generateKeys(), [
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
        new SubjectAlternativeNameExtension([
          ...addresses.map((value) => ({ type: 'ip' as const, value })),
          ...hosts.map((value) => ({ type: 'dns' as const, value })),
        ]),
      ]),
    async keys(fileName) {
      const keys = await generateKeys()
      const publicKey = PemConverter.encode(await webcrypto.subtle.exportKey('spki', keys.publicKey), 'PUBLIC KEY')
      return {
        keyFile: write(`${fileName}.key`, await privateKeyPem(keys)),
        publicKeyFile: write(`${fileName}.pub`, `${publicKey}\n`),
      }
    },
  }
}

/** Makes every identity of one throw-away cluster that only this machine can reach. */
export async function createPki(folder: string, now: Date): Promise<Pki> {
  return issuePki(await createAuthority(folder, now))
}

/** Makes every identity of one cluster, which answers under `addresses` too. */
export async function issuePki(authority: Authority, addresses: readonly string[] = []): Promise<Pki> {
  const { ca, client, server, keys } = authority
  const at = {
    addresses: ['127.0.0.1', kubernetesServiceIp, ...addresses],
    hosts: ['localhost', 'kubernetes.default.svc'],
  }
  const [controlPlane, admin, controllerManager, scheduler, etcdClient, serviceAccount] = await Promise.all([
    server('server', 'scale-test-control-plane', at),
    client('admin', { commonName: 'scale-test', group: 'system:masters' }),
    client('controller-manager', { commonName: 'system:kube-controller-manager' }),
    client('scheduler', { commonName: 'system:kube-scheduler' }),
    client('etcd-client', { commonName: 'kube-apiserver-etcd-client' }),
    keys('service-account'),
  ])
  return { ca, server: controlPlane, admin, controllerManager, scheduler, etcdClient, serviceAccount }
}

function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
}

async function privateKeyPem(keys: webcrypto.CryptoKeyPair): Promise<string> {
  return `${PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY')}\n`
}
