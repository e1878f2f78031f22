import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { Failure } from '../base/errors.ts'
import { vocabulary } from '../testing/plans.ts'
import { parseClusters, parsePlan } from './parse.ts'
import { largestPlanBytes } from './sources.ts'

const plan = `apiVersion: scale-test/v1
name: small
fleet:
  nodes: 2
  node: { cpu: 8, memory: 16Gi }
arms: [{ profile: untuned }]
probes:
  pod: { image: pause, serviceAccountToken: false }
  sequence: [{ name: up, from: 1, to: 5, timeout: 1m }]
`

interface Given {
  files?: Record<string, string>
  over?: string[]
  overrides?: string[]
}

/** What is said against a plan; undefined when it is taken. Anything but bad input is thrown. */
function refusalOf(text: string, { files = {}, over = [], overrides = [] }: Given = {}): string | undefined {
  const read = (file: string) => {
    const contents = files[file]
    if (contents === undefined) throw new Failure('bad-input', `${file} cannot be read: there is no such file`)
    return contents
  }
  return told(() => parsePlan(text, 'plan.yaml', vocabulary, { read, over, overrides }))
}

function told(read: () => unknown): string | undefined {
  try {
    read()
    return undefined
  } catch (error) {
    if (error instanceof Failure && error.kind === 'bad-input') return error.message
    throw error
  }
}

describe('YAML that is none', () => {
  it.each([
    ['a second document', `${plan}---\nname: other\n`, '10:1  a second document begins; a file may hold only one'],
    ['a carriage return alone', plan.replaceAll('\n', '\r'), '1:26  a lone carriage return'],
    ['a tab', plan.replace('  nodes', '\tnodes'), '4:1  indented with a tab; YAML wants spaces'],
    ['two colons', plan.replace('nodes: 2', 'nodes: 2: 3'), '4:10  a second colon on one line'],
    ['no colon', plan.replace('name: small', 'name small'), '2:1  expected "key: value" on one line'],
    ['an open quote', plan.replace('small', '"small'), '10:1  a quote is opened and never closed'],
    ['an open bracket', plan.replace('untuned }]', 'untuned }'), 'a bracket is opened'],
    ['a bracket too many', plan.replace('untuned }]', 'untuned }]]'), 'does not belong here'],
    ['a column of its own', plan.replace('  node:', '   node:'), '4:10  a second colon on one line'],
    ['less space', plan.replace('  node:', ' node:'), '5:1  the indentation matches nothing above'],
    ['an at sign', plan.replace('small', '@small'), '2:7  a value that begins with this character needs quotes'],
    ['an escape', plan.replace('small', '"\\q"'), '2:8  unknown escape in double quotes'],
    ['a tag', plan.replace('small', '!foo small'), '2:7  tags such as !name are not supported; remove it'],
    ['a known tag', plan.replace('small', '!!binary small'), '2:16  tags such as !name are not supported; remove it'],
    ['code', plan.replace('small', '!!js/function small'), '2:7  tags such as !name are not supported; remove it'],
    ['a directive', `%FOO\n---\n${plan}`, '1:1  directives such as %YAML are not supported'],
    [
      'a merge key',
      `x: &x { nodes: 3 }\n${plan.replace('nodes: 2', '<<: *x')}`,
      '5:3  merge keys (<<) are not supported',
    ],
    ['an alias to nothing', plan.replace('small', '*other'), '2:7  *other: nothing above is marked &other'],
    [
      'an alias to itself',
      plan.replace('[{ profile', '&a [*a, { profile'),
      '6:11  *a refers to something that contains it',
    ],
    ['a list as key', plan.replace('name: small', '[a]: small'), '2:1  a key has to be plain text'],
    ['nothing as key', plan.replace('name: small', ': small'), '2:1  a key has to be plain text'],
    ['a key twice', plan.replace('nodes: 2', 'nodes: 2\n  nodes: 2'), '5:3  nodes: written twice, first in line 4'],
  ])(
    'should be told as one mistake in our words when there is %s (fault 34) (hostile 24, 25, 26)',
    (_, text, expected) => {
      const message = refusalOf(text)
      expect(message).toMatch(/^1 mistake in plan\.yaml; nothing was started\n\nplan\.yaml:\d+:\d+ {2}/)
      expect(message).toContain(expected)
      expect(message?.split('\n')).toHaveLength(5)
      expect(message).not.toMatch(/YAML\.|Implicit|implicit|Flow|flow-|token|Unresolved|Unexpected|mapping/)
    },
  )
})

describe('a file that is no plan', () => {
  const secret = 'hunter2'
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    users: [{ name: 'me', user: { token: secret, 'client-key-data': secret } }],
  }
  const others: [string, string, string][] = [
    ['kubeconfig', `apiVersion: v1\nkind: Config\nusers:\n- user: { token: ${secret} }\n`, 'is a kubeconfig'],
    ['kubeconfig in JSON', JSON.stringify(kubeconfig), 'is a kubeconfig'],
    ['kubeconfig in JSON lines', JSON.stringify(kubeconfig, null, 2), 'is a kubeconfig'],
    ['broken kubeconfig', `kind: Config\nusers:\n- user: { token: ${secret} }}\n`, ':3:'],
    ['Secret', `kind: Secret\nstringData: { a: ${secret} }\n`, 'is a Kubernetes Secret'],
    ['Secret in its list', `kind: Secret\nname: ${secret}\n`, 'is a Kubernetes Secret'],
    ['text', `${secret}\n`, 'found a single value'],
    ['list', `- ${secret}\n`, 'found a list'],
    ['map of others', `login: me\npin: ${secret}\n${secret}: x\n`, 'it has none of the fields fleet, workload'],
    ['map with a name', `name: me\npin: ${secret}\n`, 'it has none of the fields fleet, workload'],
    ['environment', `A=b\nC=${secret}\n`, 'found a single value'],
    ['environment that is no YAML', `A="b: c\nC=${secret}\n`, ':2:1  expected "key: value"'],
    ['ini file', `[default]\naws_secret_access_key = ${secret}\n`, ':2:'],
    ['/etc/shadow', `root:${secret}:1::::\nbin:*:1: ${secret}\n`, 'it has none of the fields'],
    ['private key', `-----BEGIN PRIVATE KEY-----\n${secret}\n-----END PRIVATE KEY-----\n`, 'found a single value'],
    ['.npmrc', `//registry.example/:_authToken=${secret}\n@me: ${secret}`, ''],
    ['.netrc', `machine x login y password ${secret}\n`, 'found a single value'],
  ]

  it.each(others)('should be named, and nothing of it shown: %s (hostile 4)', (_, text, expected) => {
    const clusters = { files: { x: text }, over: ['x'] }
    const ways = [
      refusalOf(text),
      refusalOf(`include: [x]\n${plan}`, { files: { x: text } }),
      refusalOf(`include: [y]\n${plan}`, { files: { x: text, y: 'include: [x]' } }),
      refusalOf(plan, clusters),
      told(() => parseClusters(text, 'x')),
    ]
    for (const message of ways) {
      expect(message).toContain(expected)
      expect(message).not.toContain(secret)
    }
  })

  it('should be told how to name a kubeconfig when that is given as a file of clusters', () => {
    expect(refusalOf(plan, { files: { 'k.yaml': JSON.stringify(kubeconfig) }, over: ['k.yaml'] })).toBe(
      'k.yaml is a kubeconfig, not a file of clusters; write a file that names it, remote: { targets: [{ kubeconfig: FILE, context: CONTEXT }] }; nothing was started',
    )
  })

  it.each(['', '# nothing\n', '---\n', 'null\n'])('should be empty when it is %j', (text) => {
    expect(refusalOf(text)).toBe('plan.yaml is empty; expected a plan; nothing was started')
    expect(refusalOf(`include: [x]\n${plan}`, { files: { x: text } })).toBeUndefined()
  })
})

describe('a secret in a plan or among its clusters', () => {
  const secret = 'hunter2'
  const forms = [
    `token: ${secret}, wrong: 1`,
    `"token": "${secret}", wrong: 1`,
    `wrong: 1, password: '${secret}'`,
    `user: { client-key-data: ${secret} }`,
    `token: ${secret}`,
    `exec: { command: ${secret} }`,
    `env: [{ name: A, value: ${secret} }]`,
  ]

  it.each(forms)('should not be shown: %s', (form) => {
    const clusters = `remote: { targets: [{ kubeconfig: a, context: b, ${form} }] }\n`
    const lines = clusters.replace('targets: [', 'targets: [\n').replaceAll(', ', ',\n  ')
    for (const text of [clusters, lines, `${clusters}}`]) {
      expect(refusalOf(plan, { files: { x: text }, over: ['x'] })).not.toContain(secret)
      expect(refusalOf(plan + text)).not.toContain(secret)
      expect(told(() => parseClusters(text, 'x'))).not.toContain(secret)
    }
    for (const override of [`remote={ ${form} }`, `fleet={ ${form} `, `fleet.token=${secret}`, `token=${secret}: x: y`])
      expect(refusalOf(plan, { overrides: [override] })).not.toContain(secret)
  })
})

describe('the limits of a plan', () => {
  it.each([
    ['20 000 brackets', `arms: ${'['.repeat(20_000)}`, ':1:'],
    ['20 000 brackets that are closed', `arms: ${'['.repeat(20_000)}${']'.repeat(20_000)}`, 'nested too deeply'],
    // Without a bracket, the library has no limit of its own but the stack.
    ['10 000 dashes', `arms:\n  ${'- '.repeat(10_000)}`, 'nested too deeply'],
    ['10 000 question marks', `arms:\n  ${'? '.repeat(10_000)}`, 'nested too deeply'],
    ['200 000 empty lines', `${'\r\n'.repeat(100_000)}}`, 'this does not belong here'],
    ['60 brackets', `arms: ${'['.repeat(60)}${']'.repeat(60)}`, 'nested more than 50 deep'],
    [
      '20 000 keys',
      `fleet:\n${Array.from({ length: 20_000 }, (_, key) => `  k${key}: 1\n`).join('')}`,
      '10,000 values',
    ],
    ['5000 keys that are wrong', `fleet:\n${'  a: 1\n'.repeat(5000)}`, 'and 4,986 more'],
    [
      'aliases of aliases',
      `fleet:\n  a: &a [1,1,1,1,1,1,1,1,1]\n${'bcdefgh'.replace(/./g, (name) => {
        const below = String.fromCharCode(name.charCodeAt(0) - 1)
        return `  ${name}: &${name} [${`*${below},`.repeat(9)}]\n`
      })}`,
      '10,000 values',
    ],
    ['a megabyte', `fleet: ${'x'.repeat(2 ** 20)}`, 'larger than 256.0 KiB'],
  ])('should be kept: %s (hostile 12)', (_, text, expected) => {
    const message = refusalOf(text)
    expect(message).toContain(expected)
    expect(message?.length).toBeLessThan(10_000)
  })

  it('should be kept by includes that double (hostile 13)', () => {
    const names = Array.from({ length: 26 }, (_, index) => `f${index}`)
    const files = Object.fromEntries(names.map((name, index) => [name, `include: [f${index + 1}, f${index + 1}]\n`]))
    const message = refusalOf(`include: [f0]\n${plan}`, { files: { ...files, f26: 'fleet: { nodes: 2 }' } })
    expect(message).toContain('more than 100 files are included')
    expect(message).toMatch(/^1 mistake/)
  })

  it('should be kept by files that are large together', () => {
    const files = { x: `description: ${'x'.repeat(largestPlanBytes / 2)}` }
    expect(refusalOf(`include: [x]\n${plan}`, { files })).toBeUndefined()
    expect(refusalOf(`include: [x, x]\n${plan}`, { files })).toContain('larger than 256.0 KiB')
  })

  it('should be kept by overrides', () => {
    expect(refusalOf(plan, { overrides: [`${'a.'.repeat(30_000)}a=1`] })).toContain('more than 50 steps')
    expect(refusalOf(plan, { overrides: ['include=[x.yaml]'] })).toBe(
      '1 mistake in --set; nothing was started\n\n--set include=[x.yaml]  include: files are included in a plan, not on the command line\n  include=[x.yaml]\n  ^',
    )
    const long = refusalOf(plan, { overrides: [`fleet.nodes=${'x'.repeat(100_000)}`] })
    expect(long).toContain('1 mistake in --set; nothing was started')
    expect(long?.length).toBeLessThan(400)
  })

  it('should tell that an override makes a file wrong', () => {
    expect(refusalOf(plan.replace('nodes: 2', 'nodes: 2\n  hosts: 2'), { overrides: ['fleet.nodes=1'] })).toMatch(
      /^1 mistake in plan\.yaml with --set fleet\.nodes=1; nothing was started\n/,
    )
  })

  it('should show no control characters, wherever they are', () => {
    const wrong = plan.replace('nodes: 2', 'nodes: "\\e[2J\u001b[31m"').replace('name: small', '"\u009b\\a": 1')
    const message = refusalOf(wrong, { overrides: ['fleet.\u202ex=1', 'fleet.nodes=\u0007'] })
    expect(message?.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202e]/u)
  })

  it('should read the quotes of an override once (hostile 16)', () => {
    const memory = (value: string) => refusalOf(plan, { overrides: [`fleet.node.memory=${value}`] })
    expect(memory('"8Gi"')).toBeUndefined()
    expect(memory(`'"8Gi"'`)).toContain('found "\\"8Gi\\""')
    expect(memory('"8Gi #x"')).toContain('found "8Gi #x"')
  })
})

describe('any text at all', { timeout: 120_000 }, () => {
  const isShort = (message = '') => {
    expect(message.length).toBeLessThan(20_000)
  }

  it('should be taken or refused with a message of some lines', () => {
    const bytes = fc.uint8Array({ maxLength: 2000 }).map((array) => Buffer.from(array).toString('utf8'))
    const text = fc.oneof(bytes, fc.string({ unit: 'binary', maxLength: 2000 }))
    fc.assert(fc.property(text, (given) => isShort(refusalOf(given))))
    fc.assert(fc.property(text, (given) => isShort(refusalOf(plan + given))))
    fc.assert(fc.property(text, (given) => isShort(refusalOf(plan, { overrides: [given, `fleet=${given}`] }))))
  })

  it('should be taken or refused with a message of some lines when it is made of what YAML is made of', () => {
    const piece = fc.constantFrom(
      ...[
        'fleet:',
        'arms:',
        ' ',
        '  ',
        '\n',
        '\t',
        '- ',
        '? ',
        ': ',
        '{',
        '}',
        '[',
        ']',
        ',',
        '"',
        "'",
        '|',
        '>',
        '#',
        '%',
      ],
      ...[
        '&a ',
        '*a ',
        '!t ',
        '!!str ',
        '---\n',
        '...\n',
        '<<: ',
        'x',
        '1',
        '@',
        '`',
        '\r',
        '\\',
        'include: [x]\n',
        '~',
      ],
    )
    const text = fc.array(piece, { maxLength: 200 }).map((pieces) => pieces.join(''))
    const files = fc.record({ x: text, y: text })
    fc.assert(
      fc.property(text, files, (given, included) => isShort(refusalOf(given, { files: included, over: ['y'] }))),
      { numRuns: 200 },
    )
  })

  it('should be taken or refused with a message of some lines when any value is in any place', () => {
    const paths = ['fleet', 'fleet.nodes', 'fleet.pods', 'arms', 'arms[0]', 'probes.pod', 'probes.sequence', 'workload']
    const other = ['thresholds', 'reference', 'remote', 'remote.targets', 'faults', 'simulation', 'name', 'fleet.node']
    const value = fc.jsonValue().map((any) => JSON.stringify(any))
    fc.assert(
      fc.property(fc.constantFrom(...paths, ...other), value, (path, any) =>
        isShort(refusalOf(plan, { overrides: [`${path}=${any}`] })),
      ),
      { numRuns: 200 },
    )
  })
})

describe('a secret anywhere', { timeout: 120_000 }, () => {
  const secret = 'hunter2'
  const keys = [
    'token',
    'password',
    'client-key-data',
    'clientKey',
    'Authorization',
    'aws_secret_access_key',
    'ID-TOKEN',
  ]
  const noise = fc.string({ unit: fc.constantFrom(...' \n\t"\':{}[],#|>-&*!%@`\\a1'), maxLength: 12 })
  const value = fc.tuple(noise, noise).map(([before, after]) => `${before}${secret}${after}`)
  const holder = fc.oneof(
    fc.record({ key: fc.constantFrom(...keys), value }).map(({ key, value: held }) => ({ [key]: held })),
    value.map((held) => ({ tokens: [held] })),
    value.map((held) => ({ credentials: { user: held } })),
    value.map((held) => ({ env: [{ name: 'A', value: held }] })),
    value.map((held) => ({ exec: { command: 'x', args: ['--key', held] } })),
  )
  const target = fc.record({ kubeconfig: fc.constant('a'), wrong: noise, inner: fc.oneof(holder, fc.array(holder)) })
  const clusters = fc.tuple(target, holder, fc.boolean()).map(([inner, beside, isSpread]) => ({
    remote: { targets: [isSpread ? { ...inner, ...beside } : inner], ...beside },
  }))
  const written = fc.oneof(
    clusters.map((any) => JSON.stringify(any)),
    clusters.map((any) => JSON.stringify(any, null, 2)),
    clusters.map((any) => stringify(any)),
    clusters.map((any) => stringify(any, { defaultStringType: 'QUOTE_SINGLE', lineWidth: 30 })),
    clusters.map((any) => stringify(any, { defaultStringType: 'BLOCK_LITERAL', lineWidth: 20 })),
    clusters.map((any) => stringify(any, { collectionStyle: 'flow', lineWidth: 40 })),
  )

  it('should not be shown, whatever else is wrong and wherever', () => {
    const broken = fc.tuple(written, noise, fc.nat()).map(([text, more, at]) => {
      // Not within a key that says that it is secret, nor between it and what it holds.
      const places = [...text.matchAll(/\bremote\b|\btargets\b|\bkubeconfig\b|\bwrong\b|$/g)].map(({ index }) => index)
      const place = places[at % places.length] ?? 0
      return `${text.slice(0, place)}${more}${text.slice(place)}`
    })
    fc.assert(
      fc.property(fc.oneof(written, broken), (text) => {
        for (const message of [
          told(() => parseClusters(text, 'x')),
          refusalOf(plan, { files: { x: text }, over: ['x'] }),
          refusalOf(plan + text),
          refusalOf(plan, { overrides: [`remote=${text}`, `fleet=${text}`] }),
        ])
          expect(message ?? '').not.toContain(secret)
      }),
      { numRuns: 100 },
    )
  })
})
