import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Failure, messageOf } from './errors.ts'
import { excerpt } from './excerpt.ts'
import { hideSecretsIn, openLineFile, writeFileWhole, writeNewFile } from './files.ts'
import { keepSecret, withoutKnownSecrets } from './known-secrets.ts'
import { printable } from './printable.ts'

const secret = `canary<&>"%'\u00fc-4711`
const key = `-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEH${'A'.repeat(28)}\nQr8r3v0+abcdefgh\n-----END PRIVATE KEY-----\n`

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'scale-test-secrets-'))
  keepSecret(secret)
  keepSecret(key)
})
afterAll(() => rmSync(folder, { recursive: true }))

describe('a secret that the process knows', () => {
  it.each([
    ['as it is', secret],
    ['in JSON', JSON.stringify({ a: secret }).slice(6, -2)],
    ['in a URL', encodeURIComponent(secret)],
    [
      'in HTML',
      secret
        .replace(/&/g, '&amp;')
        .replace(/</g, '&lt;')
        .replace(/>/g, '&gt;')
        .replace(/"/g, '&quot;')
        .replace(/'/g, '&#39;'),
    ],
    ['in a command of GitHub', secret.replaceAll('%', '%25')],
    ['in base64', Buffer.from(secret).toString('base64')],
    ['in base64 of URLs', Buffer.from(secret).toString('base64url')],
    ['a line of a key', 'Qr8r3v0+abcdefgh'],
    ['a kubeconfig’s key', Buffer.from(key).toString('base64')],
  ])('should be hidden %s', (_, text) => {
    expect(withoutKnownSecrets(`a ${text}, b`)).toBe('a [hidden], b')
  })

  it('should be hidden in whatever goes out', () => {
    const paths = ['whole', 'new', 'lines', 'child'].map((name) => join(folder, name))
    const [whole = '', fresh = '', lines = '', child = ''] = paths
    writeFileWhole(whole, `x ${secret}`)
    writeNewFile(fresh, `x ${secret}`)
    const file = openLineFile(lines)
    file.append(`x ${secret}`)
    file.close()
    writeFileSync(child, Buffer.concat([Buffer.of(0xff), Buffer.from('x Qr8r3v0+abcdefgh')]))
    hideSecretsIn(child)
    for (const path of [whole, fresh, lines]) expect(readFileSync(path, 'utf8').trim()).toBe('x [hidden]')
    expect(readFileSync(child)).toEqual(Buffer.concat([Buffer.of(0xff), Buffer.from('x [hidden]')]))
    for (const path of [whole, fresh, lines]) expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(printable(secret)).toBe('[hidden]')
    expect(messageOf(new TypeError(secret))).toBe('[hidden]')
  })

  it('should be hidden before a text is cut', () => {
    expect(new Failure('infrastructure', `it said ${secret}`).message.slice(0, 12)).toBe('it said [hid')
    expect(excerpt(`${'x'.repeat(55)} ${secret}`)).not.toContain('cana')
  })

  it('should be left in what is not text', () => {
    const path = join(folder, 'archive')
    writeFileWhole(path, [Buffer.from(secret)])
    expect(readFileSync(path, 'utf8')).toBe(secret)
  })
})

describe('what is too common to be hidden', () => {
  it.each(['scale-test', 'admin', 'system:masters', 'hunter2', ''])('should stay as it is: %s', (value) => {
    keepSecret(value)
    expect(withoutKnownSecrets(`a ${value} b`)).toBe(`a ${value} b`)
  })
})
