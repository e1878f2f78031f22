import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadCredentials } from '../../kube/credentials.ts'
import { nobodyThere } from '../../testing/load-options.ts'
import { writeKubeconfig } from './kubeconfig.ts'
import type { KeyPair, Pki } from './pki.ts'
import { createPki } from './pki.ts'

const now = new Date('2026-11-23T12:00:00Z')
let folder: string
let pki: Pki

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'scale-test-pki-'))
  pki = await createPki(join(folder, 'pki'), now)
})
afterAll(() => rmSync(folder, { recursive: true }))

const certificate = (pair: KeyPair) => new X509Certificate(readFileSync(pair.certFile))
const leaves = ['server', 'admin', 'controllerManager', 'scheduler', 'etcdClient'] as const

describe('createPki', () => {
  it.each(leaves)('should have %s signed by the CA and matching its key when it is made', (name) => {
    const leaf = certificate(pki[name])
    expect(leaf.checkIssued(certificate(pki.ca))).toBe(true)
    expect(leaf.verify(certificate(pki.ca).publicKey)).toBe(true)
    expect(leaf.checkPrivateKey(createPrivateKey(readFileSync(pki[name].keyFile)))).toBe(true)
    expect(leaf.ca).toBe(false)
  })

  it('should make a CA that hollow nodes can sign with when they get its key', () => {
    expect(certificate(pki.ca).ca).toBe(true)
    expect(certificate(pki.ca).checkPrivateKey(createPrivateKey(readFileSync(pki.ca.keyFile)))).toBe(true)
  })

  it.each([
    ['admin', 'CN=scale-test\nO=system:masters'],
    ['controllerManager', 'CN=system:kube-controller-manager'],
    ['scheduler', 'CN=system:kube-scheduler'],
  ] as const)('should name the user that Kubernetes knows when %s connects', (name, subject) => {
    expect(certificate(pki[name]).subject).toBe(subject)
  })

  it('should be trusted under every address of the control plane when components connect', () => {
    const server = certificate(pki.server)
    expect(server.checkIP('127.0.0.1')).toBe('127.0.0.1')
    expect(server.checkIP('10.0.0.1')).toBe('10.0.0.1')
    expect(server.checkHost('localhost')).toBe('localhost')
  })

  it('should survive a jump of the clock by hours when a run goes on (fault 22)', () => {
    for (const name of leaves) {
      const { validFromDate, validToDate } = certificate(pki[name])
      expect(validFromDate.getTime()).toBeLessThan(now.getTime() - 12 * 3_600_000)
      expect(validToDate.getTime()).toBeGreaterThan(now.getTime() + 7 * 24 * 3_600_000)
    }
  })

  it('should make one pair of keys for tokens when the apiserver signs and checks them', () => {
    const { keyFile, publicKeyFile } = pki.serviceAccount
    const derived = createPublicKey(readFileSync(keyFile))
    expect(derived.equals(createPublicKey(readFileSync(publicKeyFile)))).toBe(true)
  })

  it('should let nobody else read the files when they are written', () => {
    expect(statSync(join(folder, 'pki')).mode & 0o777).toBe(0o700)
    for (const file of readdirSync(join(folder, 'pki'))) {
      expect([file, statSync(join(folder, 'pki', file)).mode & 0o777]).toEqual([file, 0o600])
    }
  })
})

describe('writeKubeconfig', () => {
  it('should give a client everything it needs when it is loaded', async () => {
    const endpoint = { server: 'https://127.0.0.1:6443', ca: pki.ca.cert }
    const file = await writeKubeconfig(join(folder, 'admin.kubeconfig'), endpoint, pki.admin)
    const { server, tls, expiresAt } = await loadCredentials(file, nobodyThere)
    expect(server).toBe(endpoint.server)
    expect(String(tls.ca)).toBe(pki.ca.cert)
    expect([String(tls.cert), String(tls.key)]).toEqual([pki.admin.cert, pki.admin.key])
    expect(expiresAt).toEqual(certificate(pki.admin).validToDate)
    expect(statSync(file).mode & 0o777).toBe(0o600)
  })

  it('should have no credentials in it when it is nobody’s', async () => {
    const file = await writeKubeconfig(join(folder, 'kubeconfig'), {
      server: 'https://127.0.0.1:6443',
      ca: pki.ca.cert,
    })
    const { tls } = await loadCredentials(file, nobodyThere)
    expect(tls).toEqual({ ca: Buffer.from(pki.ca.cert) })
  })
})
