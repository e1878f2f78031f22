import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { Failure } from '../../base/errors.ts'
import { nobodyThere } from '../../testing/load-options.ts'
import { loadCredentials } from '../credentials.ts'

const canary = 'canary-77ab'
const folder = mkdtempSync(join(tmpdir(), 'kubeconfig-'))
afterAll(() => rmSync(folder, { recursive: true }))

const file = join(folder, 'config')
/** The outcome of reading a text as a kubeconfig: a message without the file's name, or undefined. */
async function refusal(content: string | Uint8Array): Promise<string | undefined> {
  writeFileSync(file, content)
  try {
    await loadCredentials(file, nobodyThere)
    return undefined
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    const told = `${error.message} ${error.next}`
    expect(told).not.toContain(canary)
    expect(error.kind).toBe('bad-input')
    return error.message.replaceAll(`${file}:`, '').replaceAll(file, 'FILE')
  }
}

interface Parts {
  cluster?: string
  user?: string
  rest?: string
}

const kubeconfig = ({ cluster = '', user = '', rest = '' }: Parts) => `apiVersion: v1
kind: Config
current-context: ctx
clusters:
- name: c
  cluster:
    server: https://127.0.0.1:6443
    ${cluster}
users:
- name: u
  user:
    ${user}
contexts:
- name: ctx
  context: { cluster: c, user: u }
${rest}
`
const exec = (rest: string) =>
  `exec: { apiVersion: client.authentication.k8s.io/v1, command: x, interactiveMode: Never, ${rest} }`

describe('readContext', () => {
  test.each([
    ['an empty user', {}],
    ['JSON with tabs', { rest: 'extensions: [\t{ "name":\t"x" } ]' }],
    [
      'preferences and extensions',
      {
        cluster: 'extensions: [{ name: minikube.sigs.k8s.io, extension: { any: thing } }]',
        rest: 'preferences: { colors: true }',
      },
    ],
    [
      'nulls and empty texts',
      { cluster: 'certificate-authority: ""', user: 'token: null\n    as-groups:', rest: 'extensions: null' },
    ],
    ['disable-compression', { cluster: 'disable-compression: true' }],
    ['merge keys', { user: '<<: { token: x }' }],
    [
      'mistakes in what another context uses',
      { rest: '- name: other\n  context: { cluster: c, user: u, colour: red }' },
    ],
  ])('should take %s', async (_what, parts) => {
    expect(await refusal(kubeconfig(parts))).toBeUndefined()
  })

  test.each([
    [
      'user: tokenfile',
      { user: `tokenfile: ${canary}` },
      '12:5 users[0].user.tokenfile: unknown field; did you mean tokenFile?',
    ],
    [
      'user: as-group',
      { user: `as-group: [${canary}]` },
      '12:5 users[0].user.as-group: unknown field; did you mean as-groups?',
    ],
    ['user: colour', { user: `colour: ${canary}` }, '12:5 users[0].user.colour: unknown field'],
    [
      'cluster: tls-servername',
      { cluster: 'tls-servername: x' },
      '8:5 clusters[0].cluster.tls-servername: unknown field; did you mean tls-server-name?',
    ],
    [
      'exec: argss',
      { user: exec('argss: [x]') },
      /^12:\d+ users\[0\].user.exec.argss: unknown field; did you mean args\?$/,
    ],
    [
      'beside the user: usr',
      { user: '{}\n  usr: { token: x }' },
      '13:3 users[0].usr: unknown field; did you mean user?',
    ],
    [
      'an unchecked server with an authority',
      { cluster: 'insecure-skip-tls-verify: true\n    certificate-authority: ca.crt' },
      '8:5 clusters[0].cluster.insecure-skip-tls-verify: cannot go together with a certificate authority',
    ],
    ['top level: user', { rest: 'user: []' }, '16:1 user: unknown field; did you mean users?'],
    ['a context twice', { rest: '- name: ctx\n  context: { cluster: c, user: other }' }, '16:3 contexts has ctx twice'],
    [
      'a key twice',
      { user: `token: ${canary}\n    token: ${canary}` },
      /^13:5 this is not a kubeconfig: this key is written twice$/,
    ],
    ['a token that is a number', { user: 'token: 12' }, '12:12 users[0].user.token: expected text; put it in quotes'],
    [
      'a flag that is text',
      { cluster: `insecure-skip-tls-verify: "${canary}"` },
      '8:31 clusters[0].cluster.insecure-skip-tls-verify: expected true or false',
    ],
    ['groups that are text', { user: `as-groups: ${canary}` }, '12:16 users[0].user.as-groups: expected a list'],
    ['a user that is a list', { user: `[${canary}]` }, '12:5 users[0].user: expected a map'],
    [
      'data that is not base64',
      { user: `client-key-data: ${canary}` },
      '12:22 users[0].user.client-key-data: expected base64',
    ],
    [
      'authentication providers',
      { user: `auth-provider: { name: gcp, config: { access-token: ${canary} } }` },
      /^12:5 users\[0\].user.auth-provider: authentication providers are not supported: use a credential plugin/,
    ],
    ['OIDC', { user: `auth-provider: { name: oidc, config: { id-token: ${canary} } }` }, /kubelogin/],
    [
      'a token and a password',
      { user: `{ token: ${canary}, username: u, password: ${canary} }` },
      /^12:\d+ users\[0\].user.username: only one can be sent/,
    ],
    ['a password alone', { user: `password: ${canary}` }, '12:5 users[0].user.password: needs a username'],
    [
      'a token of two lines',
      { user: `token: "${canary}\\n"` },
      '12:5 users[0].user.token: has a line break or a control character',
    ],
    [
      'groups without a user',
      { user: 'as-groups: [a]' },
      '12:5 users[0].user.as-groups: needs as, the user to impersonate',
    ],
    [
      'extra without a user',
      { user: 'as-user-extra: { a: [b] }' },
      '12:5 users[0].user.as-user-extra: needs as, the user to impersonate',
    ],
    [
      'a certificate without a key',
      { user: 'client-certificate-data: aGFsbG8=' },
      '12:5 users[0].user.client-certificate-data: needs a client-key',
    ],
    [
      'a key without a certificate',
      { user: 'client-key-data: aGFsbG8=' },
      '12:5 users[0].user.client-key-data: needs a client-certificate',
    ],
    [
      'an authority that is none',
      { cluster: 'certificate-authority-data: aGFsbG8=' },
      '8:5 clusters[0].cluster.certificate-authority-data: this is not a PEM certificate',
    ],
    [
      'a proxy that is none',
      { cluster: `proxy-url: ftp://u:${canary}@proxy` },
      /^8:5 clusters\[0\].cluster.proxy-url: expected http:/,
    ],
    [
      'an old plugin',
      { user: 'exec: { apiVersion: client.authentication.k8s.io/v1alpha1, command: x }' },
      /exec.apiVersion: expected client.authentication.k8s.io\/v1 or /,
    ],
    [
      'a plugin without a command',
      { user: 'exec: { apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never }' },
      /exec.command: required/,
    ],
    [
      'a plugin that does not say whether it asks',
      { user: 'exec: { apiVersion: client.authentication.k8s.io/v1, command: x }' },
      /exec.interactiveMode: expected Never, IfAvailable or Always$/,
    ],
    ['a variable without a name', { user: exec('env: [{ value: x }]') }, /exec.env: a variable has no name/],
  ])('should refuse %s by its field and place', async (_what, parts, expected) => {
    const told = await refusal(kubeconfig(parts))
    if (expected instanceof RegExp) expect(told).toMatch(expected)
    else expect(told).toBe(expected)
  })

  test.each([
    ['apiVersion: v2', '1:13 apiVersion: expected v1'],
    ['kind: Secret', '1:7 kind: expected Config'],
    [`[${canary}]`, '1:1 this is not a kubeconfig: expected a map'],
    [`a: 1\n---\nb: ${canary}`, '2:1 this is not a kubeconfig: a second document begins; a file may hold only one'],
    [`a: !!${canary} x`, '1:4 this is not a kubeconfig: tags such as !name are not supported; remove it'],
    [`{ a: "${canary}`, /this is not a kubeconfig/],
    [`a:\n\t- ${canary}`, '2:1 this is not a kubeconfig: indented with a tab; YAML wants spaces'],
    [`a: &x [1]\nb: *${canary}`, '2:4 this is not a kubeconfig: an alias (*name) refers to nothing above'],
    [`a: &x\n  b: *x`, '2:6 this is not a kubeconfig: an alias (*name) refers to something that contains it'],
    [
      `a: &x 1\n<<: *x`,
      '2:1 this is not a kubeconfig: merge keys (<<) take a map, an alias of one, or a list of these',
    ],
    [`- - ${'- '.repeat(10_000)}`, /^1:\d+ this is not a kubeconfig: nested too deeply$/],
    [new Uint8Array([0xff, 0xfe, 0x41]), /is text in UTF-16$/],
    [new Uint8Array([0xe9, 0x41]), /is not text in UTF-8/],
  ])('should refuse %j', async (content, expected) => {
    const told = await refusal(content)
    if (expected instanceof RegExp) expect(told).toMatch(expected)
    else expect(told).toBe(expected)
  })

  test('should refuse what is no regular file', async () => {
    const place = join(folder, 'a-folder')
    mkdirSync(place)
    await expect(loadCredentials(place, nobodyThere)).rejects.toThrow(/a-folder is a folder/)
    await expect(loadCredentials(join(folder, 'nothing'), nobodyThere)).rejects.toThrow(
      /cannot be read: there is no such file/,
    )
  })

  test('should suggest the context that may be meant', async () => {
    writeFileSync(file, kubeconfig({ rest: '- name: staging-eu\n  context: { cluster: c, user: u }' }))
    await expect(loadCredentials(file, { ...nobodyThere, context: 'staging-ue' })).rejects.toThrow(
      /has no context staging-ue; did you mean staging-eu\?/,
    )
  })

  test('should be done soon with files that are made to take long', async () => {
    const many = (count: number, line: (index: number) => string) =>
      Array.from({ length: count }, (_, index) => line(index)).join('\n')
    expect(await refusal(many(50_000, (index) => `k${index}: 1`))).toMatch(
      /^1:1 k0: unknown field\n(.*\n){18}20:1 k19: unknown field$/,
    )
    const contexts = `current-context: x\ncontexts:\n${many(50_000, (index) => `- name: ${index}k`)}`
    expect(await refusal(contexts)).toBe('FILE has no context x')
    expect(await refusal('['.repeat(20_000))).toMatch(/this is not a kubeconfig: nested too deeply/)
    expect(await refusal('#'.repeat(4_000_001))).toMatch(/is larger than/)
    expect(
      await refusal(
        `a: &a [1]\n${many(9, (index) => `${'bcdefghij'[index]}: &${'bcdefghij'[index]} [${Array(10).fill(`*${'abcdefghi'[index]}`)}]`)}`,
      ),
    ).toMatch(/^5:\d+ .*stand for too much/)
    expect(await refusal('x: &x\n  <<: *x')).toMatch(/^2:7 .*an alias \(\*name\) refers to/)
    // Each alias by itself stands for little; the library goes through all anchors for each.
    expect(await refusal(many(1500, (index) => `a${index}: &a${index} 1\nb${index}: *a${index}`))).toMatch(
      /^2002:\d+ .*stand for too much/,
    )
    // One user with many groups, a hundred times.
    const groups = `x: &x { user: { as: a, as-groups: [${'a,'.repeat(15_000)}] } }`
    expect(await refusal(`${groups}\nusers:\n${many(100, (index) => `- { name: u${index}, <<: *x }`)}`)).toMatch(
      /^3:\d+ .*stand for too much/,
    )
    expect(await refusal(']'.repeat(1_000_000))).toMatch(/^1:1 this is not a kubeconfig/)
  }, 60_000)

  test('should give nothing but a failure, without the contents, whatever the file holds', async () => {
    const line = fc.constantFrom(
      ...kubeconfig({ user: `token: ${canary}`, cluster: `proxy-url: http://u:${canary}@p` }).split('\n'),
      ...[
        '- *x',
        '&x',
        '<<: *x',
        '? [a]',
        `!!binary ${canary}`,
        `"${canary}`,
        '\t',
        '{',
        ']',
        '- - -',
        `: ${canary}`,
        '|',
        '---',
      ],
    )
    const content = fc.oneof(
      fc.array(line).map((lines) => lines.join('\n')),
      fc.uint8Array(),
      fc.string({ unit: 'binary' }),
      fc.json(),
    )
    await fc.assert(fc.asyncProperty(content, async (bytes) => void (await refusal(bytes))))
  }, 60_000)
})
