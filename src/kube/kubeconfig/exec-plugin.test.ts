import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Clock } from '../../base/clock.ts'
import { systemClock } from '../../base/clock.ts'
import { Failure } from '../../base/errors.ts'
import type { TestCertificates } from '../../testing/certificates.ts'
import { createTestCertificates } from '../../testing/certificates.ts'
import { nobodyThere } from '../../testing/load-options.ts'
import type { LoadOptions } from '../credentials.ts'
import { loadCredentials } from '../credentials.ts'

const canary = 'canary-5e2c'
const v1 = 'client.authentication.k8s.io/v1'
const folder = mkdtempSync(join(tmpdir(), 'exec-plugin-'))
afterAll(() => rmSync(folder, { recursive: true }))

let certificates: TestCertificates
beforeAll(async () => {
  certificates = await createTestCertificates()
})

const file = join(folder, 'config')
/** Loads a kubeconfig whose user is a plugin. */
function load(
  exec: Record<string, unknown>,
  options: Partial<LoadOptions> = {},
  cluster: Record<string, unknown> = {},
) {
  const content = {
    'current-context': 'ctx',
    contexts: [{ name: 'ctx', context: { cluster: 'c', user: 'u' } }],
    clusters: [{ name: 'c', cluster: { server: 'https://10.0.0.1:6443/k8s/', ...cluster } }],
    users: [{ name: 'u', user: { exec: { apiVersion: v1, interactiveMode: 'Never', ...exec } } }],
  }
  writeFileSync(file, JSON.stringify(content))
  return loadCredentials(file, { ...nobodyThere, env: { PATH: process.env['PATH'] }, ...options })
}

const script = (text: string) => ({ command: process.execPath, args: ['-e', text] })
const answer = (status: unknown, apiVersion = v1) => ({ apiVersion, kind: 'ExecCredential', status })
/** A plugin that prints this. */
const printing = (value: unknown) =>
  script(`process.stdout.write(${JSON.stringify(typeof value === 'string' ? value : JSON.stringify(value))})`)
/** A plugin whose token is what it was told, in base64. */
const telling = script(`
  const token = Buffer.from(process.env.KUBERNETES_EXEC_INFO).toString('base64')
  console.log(JSON.stringify({ apiVersion: '${v1}', kind: 'ExecCredential', status: { token } }))`)

async function told(exec: Record<string, unknown>, options: Partial<LoadOptions> = {}, cluster = {}): Promise<unknown> {
  const { Authorization = '' } = await (await load({ ...telling, ...exec }, options, cluster)).headers()
  return JSON.parse(Buffer.from(Authorization.slice('Bearer '.length), 'base64').toString())
}

async function failure(promise: Promise<unknown>): Promise<Failure> {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(Failure)
  const failed = error as Failure
  expect(failed.kind).toBe('infrastructure')
  expect(`${failed.message} ${failed.next} ${failed.stack} ${JSON.stringify(failed.cause)}`).not.toContain(canary)
  return failed
}

/** Makes a program in the test's folder. */
function program(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  chmodSync(path, 0o700)
  return path
}

describe('a credential plugin', () => {
  test('should be told the version, and that it can ask nobody', async () => {
    expect(await told({})).toEqual({ kind: 'ExecCredential', apiVersion: v1, spec: { interactive: false } })
  })

  test('should be told of the cluster when it asks for that', async () => {
    const { ca } = certificates
    const caFile = join(folder, 'ca.crt')
    writeFileSync(caFile, ca)
    const cluster = {
      'certificate-authority': 'ca.crt',
      'tls-server-name': 'kubernetes',
      'proxy-url': 'http://127.0.0.1:3128',
      'disable-compression': true,
      extensions: [
        { name: 'other', extension: { a: 1 } },
        { name: 'client.authentication.k8s.io/exec', extension: { audience: '06e3' } },
      ],
    }
    expect(await told({ provideClusterInfo: true }, {}, cluster)).toEqual({
      kind: 'ExecCredential',
      apiVersion: v1,
      spec: {
        interactive: false,
        cluster: {
          server: 'https://10.0.0.1:6443/k8s',
          'certificate-authority-data': Buffer.from(ca).toString('base64'),
          'tls-server-name': 'kubernetes',
          'proxy-url': 'http://127.0.0.1:3128/',
          'disable-compression': true,
          config: { audience: '06e3' },
        },
      },
    })
    const unchecked = await told(
      { provideClusterInfo: true },
      { allowInsecure: true },
      { 'insecure-skip-tls-verify': true },
    )
    expect(unchecked).toMatchObject({ spec: { cluster: { 'insecure-skip-tls-verify': true, config: null } } })
  })

  test('should have the environment, its own variables and its arguments', async () => {
    const text = 'const token = [process.env.OUTER, process.env.INNER, ...process.argv.slice(1)].join()'
    const credentials = await load(
      {
        command: process.execPath,
        args: [
          '-e',
          `${text};console.log(JSON.stringify({ apiVersion: '${v1}', kind: 'ExecCredential', status: { token } }))`,
          'x y',
          '$z',
        ],
        env: [
          { name: 'INNER', value: 'two' },
          { name: 'OUTER', value: 'three' },
        ],
      },
      { env: { OUTER: 'one' } },
    )
    expect(await credentials.headers()).toEqual({ Authorization: 'Bearer three,two,x y,$z' })
  })

  test('should be found beside the kubeconfig when its command has a slash, and in PATH when not', async () => {
    const print = `#!/bin/sh\necho '${JSON.stringify(answer({ token: 'from-here' }))}'\n`
    program('plugin.sh', print)
    const bin = join(folder, 'bin')
    mkdirSync(bin)
    program('bin/named', print.replace('from-here', 'from-path'))
    expect(await (await load({ command: './plugin.sh' })).headers()).toEqual({ Authorization: 'Bearer from-here' })
    expect(await (await load({ command: 'bin/../plugin.sh' })).headers()).toEqual({ Authorization: 'Bearer from-here' })
    const found = await load({ command: 'named' }, { env: { PATH: `relative::/nowhere:${bin}:/usr/bin:/bin` } })
    expect(await found.headers()).toEqual({ Authorization: 'Bearer from-path' })
    // The folder that it is started in is not looked at, nor is the kubeconfig's.
    expect((await failure(load({ command: 'plugin.sh' }))).message).toMatch(/plugin.sh is not in PATH/)
  })

  test('should tell how to install it when it is not there', async () => {
    const failed = await failure(load({ command: './none', installHint: 'brew install none' }))
    expect(failed.message).toBe(`user u cannot be authenticated: ${join(folder, 'none')} does not exist`)
    expect(failed.next).toBe('brew install none')
  })

  test.each([
    [script('process.exit(1)'), /ended with status 1 without any output/],
    [script(`console.error('a\\nsession expired\\n'); process.exit(3)`), /ended with status 3: session expired/],
    [script(`console.error('token: ${canary}'); process.exit(3)`), /ended with status 3: token: \[hidden\]$/],
    [script(`console.error('\\u001b[31mred'); process.exit(3)`), /ended with status 3: \ufffd\[31mred$/],
    [script(`process.kill(process.pid, 'SIGKILL')`), /was ended by SIGKILL without any output/],
    [script(`process.stdout.write('x'.repeat(2e6))`), /printed more than 1000000 characters/],
    [{ command: './text' }, /text is not executable/],
    [{ ...script(''), args: [`a\u0000${canary}`] }, /cannot be started/],
    [printing('done'), /printed something other than an ExecCredential in JSON/],
    [printing(`{"token": ${canary}`), /printed something other/],
    [printing([canary]), /printed something other/],
    [printing(null), /printed something other/],
    [printing(''), /printed something other/],
    [printing({ status: { token: canary } }), /whose kind is not ExecCredential/],
    [
      printing({ kind: 'ExecCredential', status: { token: canary } }),
      /printed another apiVersion, but the kubeconfig asks for client/,
    ],
    [printing(answer({ token: canary }, `${v1}beta1`)), /printed client.authentication.k8s.io\/v1beta1, but/],
    [printing({ apiVersion: v1, kind: 'ExecCredential' }), /without a status/],
    [printing(answer([canary])), /whose status has the wrong form/],
    [printing(answer({ token: { [canary]: 1 } })), /whose status.token has the wrong form/],
    [
      printing(answer({ token: canary, expirationTimestamp: canary })),
      /whose status.expirationTimestamp has the wrong form/,
    ],
    [printing(answer({})), /without a token or a certificate/],
    [printing(answer({ token: '' })), /without a token or a certificate/],
    [printing(answer({ token: `${canary}\n` })), /a token with a line break/],
    [printing(answer({ clientCertificateData: canary })), /a certificate without its key/],
    [printing(answer({ clientKeyData: canary, token: 'x' })), /a certificate without its key/],
    [
      printing(answer({ clientCertificateData: canary, clientKeyData: canary })),
      /a certificate that cannot be used: this is not a PEM/,
    ],
  ])('should be told on, without what it printed: %j', async (exec, message) => {
    writeFileSync(join(folder, 'text'), '')
    const failed = await failure(load(exec))
    expect(failed.message).toMatch(/^user u cannot be authenticated: /)
    expect(failed.message).toMatch(message)
    expect(failed.next).toBeTruthy()
  })

  test('should be allowed to be of the beta version, where asking is the default', async () => {
    const beta = `${v1}beta1`
    const credentials = await load({
      ...printing(answer({ token: 'b' }, beta)),
      apiVersion: beta,
      interactiveMode: undefined,
    })
    expect(await credentials.headers()).toEqual({ Authorization: 'Bearer b' })
  })

  test('should be refused when it has to ask and there is no terminal', async () => {
    const failed = await failure(load({ ...telling, interactiveMode: 'Always' }))
    expect(failed.message).toMatch(/has to ask you something, but standard input is not a terminal/)
  })

  test('should find nobody to ask, and that is told, when it may ask and there is no terminal', async () => {
    const failed = await failure(
      load({ command: 'sh', args: ['-c', 'read answer; echo done'], interactiveMode: 'IfAvailable' }),
    )
    expect(failed.message).toMatch(/something other than an ExecCredential in JSON \(standard input is not a terminal/)
  })

  test('should be heard as it speaks, and be ended with its children when it takes too long', async () => {
    const pids = join(folder, 'pids')
    const { promise: late, resolve: beLate } = Promise.withResolvers<void>()
    const asked: number[] = []
    const clock: Clock = {
      nowMs: systemClock.nowMs,
      async sleep(durationMs) {
        asked.push(durationMs)
        await late
      },
    }
    const exec = {
      command: 'sh',
      args: ['-c', `sleep 600 & echo $$ $! > ${pids}; echo open https://example.invalid >&2; wait`],
    }
    const lines: string[] = []
    const heard = Promise.withResolvers<void>()
    const loading = failure(
      load(exec, {
        clock,
        onPluginLine(line) {
          lines.push(line)
          heard.resolve()
        },
      }),
    )
    await heard.promise
    expect(lines).toEqual(['open https://example.invalid'])
    beLate()
    expect((await loading).message).toMatch(/sh did not end within 60.0 s$/)
    expect(asked).toEqual([60_000])
    await allGone(pids)
  })

  test('should be ended with its children when the work is interrupted', async () => {
    const pids = join(folder, 'pids-interrupted')
    const ending = new AbortController()
    const exec = { command: 'sh', args: ['-c', `sleep 600 & echo $$ $! > ${pids}; echo here >&2; wait`] }
    const loading = load(exec, {
      signal: ending.signal,
      onPluginLine: () => ending.abort(new Failure('interrupted', 'by the test')),
    })
    await expect(loading).rejects.toThrow('by the test')
    await allGone(pids)
  })

  test('should be asked again shortly before what it gave ends, once for all who need it, and not before', async () => {
    const count = join(folder, 'count')
    writeFileSync(count, '')
    const exec = script(`
      const fs = require('fs')
      fs.appendFileSync(${JSON.stringify(count)}, 'x')
      const token = 'token-' + fs.readFileSync(${JSON.stringify(count)}, 'utf8').length
      const expirationTimestamp = '2030-01-01T00:00:00Z'
      console.log(JSON.stringify({ apiVersion: '${v1}', kind: 'ExecCredential', status: { token, expirationTimestamp } }))`)
    let now = new Date('2029-12-31T23:58:00Z')
    const credentials = await load(exec, { now: () => now })
    expect(await credentials.headers()).toEqual({ Authorization: 'Bearer token-1' })
    expect(credentials.expiresAt).toBeUndefined()
    now = new Date('2029-12-31T23:59:30Z')
    const both = await Promise.all([credentials.headers(), credentials.headers()])
    expect(both).toEqual([{ Authorization: 'Bearer token-2' }, { Authorization: 'Bearer token-2' }])
    rmSync(count)
    mkdirSync(count)
    // It fails now, but what it gave still holds for half a minute.
    expect(await credentials.headers()).toEqual({ Authorization: 'Bearer token-2' })
    now = new Date('2030-01-01T00:00:00Z')
    await failure(credentials.headers())
  })

  test('should give a certificate that ends when it says', async () => {
    const { cert, key } = certificates.client
    const status = { clientCertificateData: cert, clientKeyData: key, expirationTimestamp: '2031-01-01T01:00:00+01:00' }
    const { tls, expiresAt, headers } = await load(printing(answer(status)))
    expect([String(tls.cert), String(tls.key)]).toEqual([cert, key])
    expect(expiresAt).toEqual(new Date('2031-01-01T00:00:00Z'))
    expect(await headers()).toEqual({})
  })
})

/** Waits until no process of those in a file is there any more. */
async function allGone(pidsFile: string): Promise<void> {
  const pids = readFileSync(pidsFile, 'utf8').trim().split(' ').map(Number)
  expect(pids).toHaveLength(2)
  const isThere = (pid: number) => {
    try {
      // One that has ended and was not yet waited for is no longer running.
      return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
    } catch {
      return false
    }
  }
  while (pids.some(isThere)) await delay(5)
}
