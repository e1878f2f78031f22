import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { secretRanges } from './secrets.ts'

/** The text with dots where secrets are. */
function masked(text: string): string {
  let shown = ''
  let at = 0
  for (const { start, end } of secretRanges(text)) {
    shown += `${text.slice(at, start)}…`
    at = end
  }
  return shown + text.slice(at)
}

describe('secretRanges', () => {
  it.each([
    ['YAML', 'token: hunter2 # mine', 'token: …'],
    ['flow style', '{ name: x, token: hunter2, arms: [a] }', '{ name: x, token: …, arms: [a] }'],
    ['JSON', '{"user":{"token":"hun\\"ter2","x":1}}', '{"user":{"token":…,"x":1}}'],
    ['JSON over two lines', '{"token":\n"hunter2", "x": 1}', '{"token":\n…, "x": 1}'],
    ['JSON within a string', '"{\\"password\\":\\"hunter2\\",\\"x\\":1}"', '"{\\"password\\":…,\\"x\\":1}"'],
    ['a shell', 'DB_PASSWORD=hunter2', 'DB_PASSWORD=…'],
    ['an override', 'users[0].user.token=hunter2', 'users[0].user.token=…'],
    ['quotes with quotes in them', "secret: 'it''s hunter2'\nx: 1", 'secret: …\nx: 1'],
    ['quotes that never end', 'secret: "hunter2\nhunter3', 'secret: …'],
    ['a literal', 'password: |\n  hunter2\n\n  hunter3\nx: 1', 'password: …\nx: 1'],
    ['a folded text', 'a:\n  password: hunter2\n    hunter3\n  x: 1', 'a:\n  password: …\n  x: 1'],
    ['a list', 'tokens:\n- hunter2\n- hunter3\nx: 1', 'tokens:\n…\nx: 1'],
    ['a map', '{ credentials: { a: hunter2, b: [hunter3] }, x: 1 }', '{ credentials: …, x: 1 }'],
    ['an environment', 'env:\n- name: A\n  value: hunter2\nx: 1', 'env:\n…\nx: 1'],
    ['a variable', '  - { name: A, value: hunter2 }', '  - { name: A, value: … }'],
    ['a plugin', 'exec: { command: get, args: [--key, hunter2] }', 'exec: …'],
    ['data', 'client-key-data: aHVudGVyMg==', 'client-key-data: …'],
    ['camel case', 'clientKey: hunter2', 'clientKey: …'],
    ['a header', 'curl -H "Authorization: Bearer hunter2"', 'curl -H "Authorization: …'],
    ['a scheme', 'sent Bearer hunter2 to it', 'sent … to it'],
    ['a URL', 'https://me:hunter2@example.org/x', 'https://…@example.org/x'],
    ['an option', 'retune: [sh, login --token hunter2 eu]', 'retune: [sh, login --token … eu]'],
    [
      'an option and its value',
      'retune: ["login", "--api-key", "hunter2", "eu"]',
      'retune: ["login", "--api-key", "…", "eu"]',
    ],
    ['an option and its value in a list', 'retune:\n- --password\n- hunter2\n- eu', 'retune:\n- --password\n- …\n- eu'],
    ['a JWT', 'x: eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl', 'x: …'],
    ['PEM', 'x\n-----BEGIN RSA PRIVATE KEY-----\naHVudGVy\n-----END RSA PRIVATE KEY-----\ny', 'x\n…\ny'],
    ['half of PEM', '-----BEGIN PRIVATE KEY-----\naHVudGVy', '…'],
    ['base64', 'x: dGhpcyBpcyBhIGxvbmcgc2VjcmV0IG9mIGh1bnRlcjI2MDA= y', 'x: … y'],
    ['hex', 'x: 0123456789abcdef0123456789abcdef', 'x: …'],
    ['a bootstrap token', 'x: abcdef.0123456789abcdef', 'x: …'],
    ['a token of a service', 'x: ghp_hunter2hunter2', 'x: …'],
    ['/etc/shadow', 'root:$6$salt$hunter2.Hash/x:19000:0', 'root:…:19000:0'],
  ])('should find what %s holds', (_, text, expected) => {
    expect(masked(text)).toBe(expected)
  })

  it.each([
    'probes: { pod: { image: pause, serviceAccountToken: false } }',
    'configObjects: { configmapsPerSecret: 4, secretSize: 1KiB }',
    'uid: 0b1f7c8e-5d0e-4d4e-9d53-1f6f0e6f3c11',
    'image: registry.example/team/pause@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef',
    'kubeconfig: /home/Jane2/Projects/scale-test/clusters/eu-west-1/kubeconfig',
    'arms: [{ name: a, profile: tuned, set: [{ knob: kubelet.maxPods, value: 5, because: x }] }]',
    'controllerManager.concurrentReplicasetSyncs',
    'retune: [sh, --token-file, /run/token, --password, --verbose]',
    'registry.k8s.io/pause:3.10',
  ])('should leave alone %s', (text) => {
    expect(masked(text)).toBe(text)
  })

  it('should find any value of a secret key, however it is written', () => {
    const key = fc.constantFrom('token', 'password', 'client-key-data', 'authorization', 'apiKey', 'ID_TOKEN')
    const indent = fc.nat(8).map((width) => ' '.repeat(width))
    const forms = fc.constantFrom(
      (name: string, value: string) => JSON.stringify({ a: { [name]: value } }),
      (name: string, value: string) => JSON.stringify({ a: [{ [name]: value, z: 1 }] }, null, 2),
      (name: string, value: string) => JSON.stringify({ a: JSON.stringify({ [name]: value }) }),
      (name: string, value: string) => `{ a: 1, ${name}: ${JSON.stringify(value)}, b: 2 }`,
      (name: string, value: string) => `- ${name}: '${value.replaceAll("'", "''")}'`,
    )
    fc.assert(
      fc.property(key, fc.string(), forms, indent, (name, noise, write, space) => {
        const shown = masked(space + write(name, `${noise}hunter2${noise}`))
        expect(shown).not.toContain('hunter2')
      }),
    )
  })
})
