import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Failure } from '../base/errors.ts'
import type { TestCertificates } from '../testing/certificates.ts'
import { createTestCertificates } from '../testing/certificates.ts'
import { nobodyThere } from '../testing/load-options.ts'
import type { LoadOptions } from './credentials.ts'
import { loadCredentials as loadFile } from './credentials.ts'

const canary = 'canary-3b1f'
const folder = mkdtempSync(join(tmpdir(), 'credentials-'))
afterAll(() => rmSync(folder, { recursive: true }))

let certificates: TestCertificates
beforeAll(async () => {
  certificates = await createTestCertificates()
})

interface Parts {
  server?: string
  cluster?: Record<string, unknown>
  user?: Record<string, unknown>
}

/** A kubeconfig (JSON is YAML) whose current context is `one`; `two` names a user that is not there. */
function kubeconfig({ server = 'https://10.0.0.1:6443', cluster = {}, user = { token: canary } }: Parts = {}): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'one',
    contexts: [
      { name: 'one', context: { cluster: 'c', user: 'u' } },
      { name: 'two', context: { cluster: 'c', user: 'nobody' } },
      { name: 'three', context: { cluster: 'c' } },
    ],
    clusters: [{ name: 'c', cluster: { server, ...cluster } }],
    users: [{ name: 'u', user }],
  })
}

let files = 0
/** Reads a kubeconfig with this text. */
function loadText(text: string, options: Partial<LoadOptions> = {}) {
  const file = join(folder, `kubeconfig-${++files}`)
  writeFileSync(file, text)
  return loadFile(file, { ...nobodyThere, ...options })
}

const base64 = (text: string) => Buffer.from(text).toString('base64')

/** A credential plugin that answers with `status`, and a count as the token if there is none. */
function plugin(script: string) {
  return {
    exec: {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: process.execPath,
      args: ['-e', script],
      interactiveMode: 'Never',
    },
  }
}

async function failure(promise: Promise<unknown>): Promise<Failure> {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(Failure)
  const failed = error as Failure
  expect(`${failed.message} ${failed.next} ${failed.stack} ${JSON.stringify(failed.cause)}`).not.toContain(canary)
  return failed
}

describe('loadCredentials', () => {
  test('should give server, certificates and no headers when a client certificate is inside', async () => {
    const { ca, client } = certificates
    const text = kubeconfig({
      server: 'https://10.0.0.1:6443/k8s/',
      cluster: { 'certificate-authority-data': base64(ca), 'tls-server-name': 'kubernetes' },
      user: { 'client-certificate-data': base64(client.cert), 'client-key-data': base64(client.key) },
    })
    const credentials = await loadText(text)
    expect(credentials.server).toBe('https://10.0.0.1:6443/k8s')
    expect(Object.entries(credentials.tls).map(([key, value]) => [key, String(value)])).toEqual([
      ['ca', ca],
      ['cert', client.cert],
      ['key', client.key],
      ['servername', 'kubernetes'],
    ])
    expect(await credentials.headers()).toEqual({})
    expect(credentials.expiresAt).toEqual(new Date('2099-12-31T00:00:00Z'))
  })

  test('should know the end of a token that tells it, and of the certificate where that comes first', async () => {
    const tokenUntil = (end: string) =>
      `x.${Buffer.from(JSON.stringify({ exp: Date.parse(end) / 1000 })).toString('base64url')}.y`
    const endOf = async (user: Record<string, unknown>) => (await loadText(kubeconfig({ user }))).expiresAt
    const { cert, key } = certificates.client
    const certificate = { 'client-certificate-data': base64(cert), 'client-key-data': base64(key) }
    expect(await endOf({ token: tokenUntil('2030-01-01T00:00:00Z') })).toEqual(new Date('2030-01-01T00:00:00Z'))
    expect(await endOf({ token: canary })).toBeUndefined()
    expect(await endOf({ token: 'a.bm8.c' })).toBeUndefined()
    expect(await endOf({ ...certificate, token: tokenUntil('2200-01-01T00:00:00Z') })).toEqual(
      new Date('2099-12-31T00:00:00Z'),
    )
    // A plugin renews its tokens.
    expect(
      await endOf(
        plugin(
          `console.log(JSON.stringify({ apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status: { token: '${tokenUntil('2030-01-01T00:00:00Z')}' } }))`,
        ),
      ),
    ).toBeUndefined()
  })

  test('should tell what the kubeconfig calls the cluster', async () => {
    expect((await loadText(kubeconfig())).clusterName).toBe('c')
  })

  test('should prefer what is inside to a file', async () => {
    const cluster = { 'certificate-authority-data': base64(certificates.ca), 'certificate-authority': '/no/such/file' }
    const { tls } = await loadText(kubeconfig({ cluster }))
    expect(String(tls.ca)).toBe(certificates.ca)
  })

  test('should read files once, next to the kubeconfig', async () => {
    const { ca, client } = certificates
    writeFileSync(join(folder, 'ca.crt'), ca)
    writeFileSync(join(folder, 'client.crt'), client.cert)
    writeFileSync(join(folder, 'client.key'), client.key)
    const file = join(folder, 'config')
    writeFileSync(
      file,
      kubeconfig({
        cluster: { 'certificate-authority': 'ca.crt' },
        user: { 'client-certificate': 'client.crt', 'client-key': 'client.key' },
      }),
    )
    const credentials = await loadFile(file, nobodyThere)
    for (const name of ['config', 'ca.crt', 'client.crt', 'client.key']) rmSync(join(folder, name))
    expect(String(credentials.tls.key)).toBe(client.key)
    expect(await credentials.headers(true)).toEqual({})
  })

  test.each([
    [{ token: canary }, { Authorization: `Bearer ${canary}` }],
    [{ username: 'u', password: canary }, { Authorization: `Basic ${base64(`u:${canary}`)}` }],
    [
      { token: canary, as: 'other' },
      { Authorization: `Bearer ${canary}`, 'Impersonate-User': 'other' },
    ],
    [{}, {}],
  ])('should give the headers for %j', async (user, headers) => {
    const credentials = await loadText(kubeconfig({ user }))
    expect(await credentials.headers()).toEqual(headers)
  })

  test('should run a credential plugin once, and again when it is to renew', async () => {
    const count = join(folder, 'count')
    writeFileSync(count, '')
    const script = `
      require('fs').appendFileSync(${JSON.stringify(count)}, 'x')
      const token = 'token-' + require('fs').readFileSync(${JSON.stringify(count)}, 'utf8').length
      console.log(JSON.stringify({ apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status: { token } }))`
    const credentials = await loadText(kubeconfig({ user: plugin(script) }))
    expect(await credentials.headers()).toEqual({ Authorization: 'Bearer token-1' })
    expect(await credentials.headers(true)).toEqual({ Authorization: 'Bearer token-2' })
    expect(await credentials.headers()).toEqual({ Authorization: 'Bearer token-2' })
  })

  test.each([
    ['token', { token: canary }],
    ['password', { username: 'u', password: canary }],
  ])('should not run a plugin beside a %s, as client-go does not', async (_, user) => {
    const text = kubeconfig({ user: { ...user, ...plugin('process.exit(1)') } })
    expect(await (await loadText(text)).headers()).toHaveProperty('Authorization')
  })

  test('should read the token of a file again and again, and send it rather than the one inside', async () => {
    const file = join(folder, 'token')
    writeFileSync(file, `${canary}-1\n`)
    const credentials = await loadText(kubeconfig({ user: { token: 'stale', tokenFile: 'token' } }))
    const sent = async (renew?: boolean) => (await credentials.headers(renew)).Authorization
    expect(await sent()).toBe(`Bearer ${canary}-1`)
    writeFileSync(file, `${canary}-2`)
    expect(await sent()).toBe(`Bearer ${canary}-2`)
    // While it is being written anew, the last one goes on to be used, until the server refuses it.
    rmSync(file)
    expect(await sent()).toBe(`Bearer ${canary}-2`)
    const failed = await failure(sent(true))
    expect(failed.kind).toBe('infrastructure')
    expect(failed.message).toMatch(/users\[0\].user.tokenFile: .*token cannot be read: there is no such file/)
  })

  test.each([
    ['empty', ' \n', /token is empty/],
    ['of two lines', `${canary}\n${canary}`, /holds more than one line, or control characters/],
  ])('should refuse the file of a token that is %s', async (_, content, message) => {
    writeFileSync(join(folder, 'odd-token'), content)
    expect((await failure(loadText(kubeconfig({ user: { tokenFile: 'odd-token' } })))).message).toMatch(message)
  })

  test('should send everything that makes requests those of somebody else, as client-go writes it', async () => {
    const user = {
      as: 'jané',
      'as-uid': '1000',
      'as-groups': ['a', 'b'],
      'as-user-extra': { 'example.com/reason for': ['x', 'y'], 'percent%': ['z'], none: [] },
    }
    expect(await (await loadText(kubeconfig({ user }))).headers()).toEqual({
      'Impersonate-User': Buffer.from('jané').toString('latin1'),
      'Impersonate-Uid': '1000',
      'Impersonate-Group': ['a', 'b'],
      'Impersonate-Extra-example.com%2Freason%20for': ['x', 'y'],
      'Impersonate-Extra-percent%25': ['z'],
    })
  })

  test('should use the client certificate that a plugin gives', async () => {
    const { cert, key } = certificates.client
    const status = { clientCertificateData: cert, clientKeyData: key }
    const answer = { apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status }
    const user = plugin(`console.log(${JSON.stringify(JSON.stringify(answer))})`)
    const { tls, expiresAt } = await loadText(kubeconfig({ user }))
    expect(tls).toEqual({ cert: Buffer.from(cert), key: Buffer.from(key) })
    expect(expiresAt).toBeInstanceOf(Date)
  })

  test('should use the context that is named, without a user if it has none', async () => {
    expect(await (await loadText(kubeconfig(), { context: 'three' })).headers()).toEqual({})
  })

  test.each([
    ['it is not YAML', `users: [\n  token: "${canary}`, /:2:\d+ this is not a kubeconfig: a quote is opened/],
    ['it is empty', '', /:1:1 this is not a kubeconfig: expected a map/],
    ['a token', canary, /:1:1 this is not a kubeconfig: expected a map/],
    ['it has no contexts', 'kind: Config', /no context \(none is current\)/],
  ])('should call it bad input when %s', async (_reason, text, message) => {
    const failed = await failure(loadText(text))
    expect(failed.kind).toBe('bad-input')
    expect(failed.message).toMatch(message)
    expect(failed.next).toBeTruthy()
  })

  test.each([
    ['the context is not there', {}, 'four', /no context four/],
    ['its user is not there', {}, 'two', /contexts\[1\].context.user: there is no user nobody/],
    [
      'the server has a password',
      { server: `https://u:${canary}@10.0.0.1` },
      'one',
      /clusters\[0\].cluster.server: expected a plain http or https URL/,
    ],
    [
      'the server is no URL',
      { server: '10.0.0.1:6443' },
      'one',
      /clusters\[0\].cluster.server: expected a plain http or https URL/,
    ],
    ['it has no server', { server: '' }, 'one', /clusters\[0\].cluster.server: required/],
    [
      'a certificate is damaged',
      { user: { 'client-certificate-data': base64(canary), 'client-key-data': base64(canary) } },
      'one',
      /users\[0\].user.client-certificate-data: this is not a PEM certificate/,
    ],
  ])('should call it bad input when %s', async (_reason, parts, context, message) => {
    const failed = await failure(loadText(kubeconfig(parts), { context }))
    expect(failed.kind).toBe('bad-input')
    expect(failed.message).toMatch(message)
  })

  test('should name the contexts to choose from', async () => {
    const failed = await failure(loadText(kubeconfig(), { context: 'four' }))
    expect(failed.next).toBe('Choose one of: one, two, three')
  })

  test('should call the key of another certificate bad input', async () => {
    const { client, server } = certificates
    const user = { 'client-certificate-data': base64(client.cert), 'client-key-data': base64(server.key) }
    expect((await failure(loadText(kubeconfig({ user })))).message).toMatch(
      /client-key-data: this is the key of another/,
    )
  })

  test('should blame the machine when a file that it names cannot be read', async () => {
    const user = { 'client-certificate-data': base64(certificates.client.cert), 'client-key': 'gone.key' }
    const failed = await failure(loadText(kubeconfig({ user })))
    expect(failed.kind).toBe('infrastructure')
    expect(failed.message).toMatch(/users\[0\].user.client-key: .*gone.key cannot be read: there is no such file/)
  })

  test.each([
    [
      `console.error('session expired'); process.exit(1)`,
      /user u cannot be authenticated: .* ended with status 1: session expired/,
    ],
    [`console.log('{"token": ${canary}')`, /printed something other than an ExecCredential/],
  ])('should blame the machine when a plugin fails: %s', async (script, message) => {
    const failed = await failure(loadText(kubeconfig({ user: plugin(script) })))
    expect(failed.kind).toBe('infrastructure')
    expect(failed.message).toMatch(message)
  })

  test('should blame the machine when a plugin is not installed', async () => {
    const command = join(folder, 'no-such-plugin')
    writeFileSync(command, '')
    chmodSync(command, 0o600)
    const user = { exec: { ...plugin('').exec, command } }
    const failed = await failure(loadText(kubeconfig({ user })))
    expect(failed.kind).toBe('infrastructure')
    expect(failed.message).toMatch(/no-such-plugin is not executable/)
  })

  test.each([{ cluster: { 'insecure-skip-tls-verify': true } }, { server: 'http://10.0.0.1:8080' }])(
    'should refuse a connection that is not protected unless it is allowed: %j',
    async (parts) => {
      const text = kubeconfig(parts)
      expect((await failure(loadText(text))).kind).toBe('safety-refusal')
      const { tls } = await loadText(text, { allowInsecure: true })
      expect(tls).toEqual(parts.server === undefined ? { rejectUnauthorized: false } : {})
    },
  )

  test.each(['http://127.0.0.1:8080', 'http://localhost:8080', 'http://[::1]:8080'])(
    'should accept plain http on this machine: %s',
    async (server) => {
      const credentials = await loadText(kubeconfig({ server }))
      expect(credentials.server).toBe(server)
      expect(await credentials.headers()).toEqual({})
      expect(credentials.anonymous).toMatch(/sends none over plain http/)
    },
  )
})
