import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { Failure } from '../../base/errors.ts'
import { fuzzed, nearly, nearlyText } from '../../testing/fuzzing.ts'
import { nobodyThere } from '../../testing/load-options.ts'
import { loadCredentials } from '../credentials.ts'

const canary = 'canary-19f6'
const folder = mkdtempSync(join(tmpdir(), 'kubeconfig-'))
afterAll(() => rmSync(folder, { recursive: true }))
const file = join(folder, 'config')

const kubeconfig = {
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': 'one',
  preferences: {},
  clusters: [
    {
      name: 'c',
      cluster: { server: 'https://127.0.0.1:6443', 'tls-server-name': 'k', 'proxy-url': `http://u:${canary}@p` },
    },
    { name: 'd', cluster: { server: 'http://127.0.0.1:8080', extensions: [{ name: 'x', extension: { a: [1] } }] } },
  ],
  users: [
    { name: 'u', user: { token: `${canary}.a.b`, as: 'x', 'as-groups': ['g'], 'as-user-extra': { scopes: ['s'] } } },
    { name: 'v', user: { username: 'x', password: canary } },
  ],
  contexts: [
    { name: 'one', context: { cluster: 'c', user: 'u', namespace: 'n' } },
    { name: 'two', context: { cluster: 'd', user: 'v' } },
  ],
}

/** A secret that has become a name is shown as one. */
const asName = new RegExp(`\\b(name|current-context|cluster|user)"?: ?"?[^\\n,{"]*${canary}`)

test('should give credentials, or say where the mistake is and nothing that is secret, whatever is done to a kubeconfig (fault 45)', async () => {
  const written = fc.oneof(
    nearly(kubeconfig).map((value) => stringify(value)),
    nearly(kubeconfig).map((value) => JSON.stringify(value)),
    nearlyText(stringify(kubeconfig)),
  )
  await fc.assert(
    fc.asyncProperty(written, fc.constantFrom('one', 'two', undefined), async (text, context) => {
      writeFileSync(file, text)
      try {
        const { expiresAt, server } = await loadCredentials(file, { ...nobodyThere, ...(context && { context }) })
        expect(server).toMatch(/^https?:\/\/[^/]/)
        expiresAt?.toISOString()
      } catch (error) {
        if (!(error instanceof Failure)) throw error
        expect(['bad-input', 'safety-refusal', 'infrastructure']).toContain(error.kind)
        expect(error.message.startsWith(file)).toBe(true)
        expect(error.message).toMatch(/:\d+:\d+ |has no context|: cluster|is (not )?text|has NUL/)
        expect(error.next ?? '').not.toBe('')
        if (!asName.test(text)) expect(`${error.message} ${error.next}`).not.toContain(canary)
        expect(error.message.length).toBeLessThan(20_000)
      }
    }),
    fuzzed(150),
  )
}, 300_000)
