import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
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

interface Subject {
  commonName: string
  group?: string
}

/**
 * Makes the certificates of one throw-away cluster in `folder` (created if need be). They hold for a month from
 * a day before `now`, so that a jump of the wall clock in mid-run breaks nothing.
 */
export async function createPki(folder: string, now: Date): Promise<Pki> {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const write = (name: string, text: string): string => {
    const file = join(folder, name)
    writeFileSync(file, text, { mode: 0o600 })
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
  const client = async (fileName: string, { commonName, group }: Subject): Promise<KeyPair> =>
    issue(fileName, group === undefined ? `CN=${commonName}` : `CN=${commonName}, O=${group}`, await generateKeys(), [
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth]),
    ])

  const [ca, server, admin, controllerManager, scheduler, etcdClient, serviceAccountKeys] = await Promise.all([
    issue('ca', caName, caKeys, [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.digitalSignature, true),
    ]),
    issue('server', 'CN=scale-test-control-plane', await generateKeys(), [
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      // etcd dials itself with its serving certificate.
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
      new SubjectAlternativeNameExtension([
        { type: 'ip', value: '127.0.0.1' },
        { type: 'ip', value: kubernetesServiceIp },
        { type: 'dns', value: 'localhost' },
        { type: 'dns', value: 'kubernetes.default.svc' },
      ]),
    ]),
    client('admin', { commonName: 'scale-test', group: 'system:masters' }),
    client('controller-manager', { commonName: 'system:kube-controller-manager' }),
    client('scheduler', { commonName: 'system:kube-scheduler' }),
    client('etcd-client', { commonName: 'kube-apiserver-etcd-client' }),
    generateKeys(),
  ])
  return {
    ca,
    server,
    admin,
    controllerManager,
    scheduler,
    etcdClient,
    serviceAccount: {
      keyFile: write('service-account.key', await privateKeyPem(serviceAccountKeys)),
      publicKeyFile: write(
        'service-account.pub',
        `${PemConverter.encode(await webcrypto.subtle.exportKey('spki', serviceAccountKeys.publicKey), 'PUBLIC KEY')}\n`,
      ),
    },
  }
}

function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
}

async function privateKeyPem(keys: webcrypto.CryptoKeyPair): Promise<string> {
  return `${PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY')}\n`
}
