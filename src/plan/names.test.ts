import { describe, expect, it } from 'vitest'
import { names } from './names.ts'

const long = (length: number) => 'x'.repeat(length)
const digest = `sha256:${'0123456789abcdef'.repeat(4)}`

describe('the form of names', () => {
  it.each<[keyof typeof names, string[], string[]]>([
    ['plan', ['5k-nodes', long(63)], ['', 'Smoke', 'a b', '-a', 'a-', 'a.b', 'a\n', 'ä', long(64)]],
    ['arm', ['untuned', 'kcm-70', 'v1.37', long(40)], ['', 'A', '..', 'v1.', 'a..b', 'a_b', 'a/b', '\u001b', long(41)]],
    ['probe', ['scale-down', long(63)], ['Scale', long(64)]],
    ['sizeClass', ['large', long(40)], ['large!', long(41)]],
    ['namespace', ['kubemark', long(63)], ['kube.mark', long(64), long(300_000)]],
    [
      'node',
      ['worker-1', 'ip-10-0-0-1.ec2.internal', `${'a.'.repeat(126)}a`],
      ['', 'Worker', 'a..b', 'a_b', long(254)],
    ],
    [
      'labelKey',
      ['pool', 'example.org/pool', 'A.b_c-d', `${'a.'.repeat(126)}a/${long(63)}`],
      ['', 'bad key!', '/a', 'a/', 'a/b/c', 'Example.org/pool', '-a', long(64), `${'a.'.repeat(127)}/a`],
    ],
    ['labelValue', ['', 'a', 'A.b_c-1', long(63)], ['-a', 'a b', 'a/b', long(64)]],
    [
      'labelSelector',
      [
        'a=b',
        'a==b,c!=d',
        'a',
        '!a',
        'example.org/pool in (a, b),c notin (d)',
        ' a = b , ! c ',
        'a=',
        'a in ()',
        'a>5,b<7',
      ],
      ['', '((', 'a=b,', ',', 'a=b c', 'a in b', 'a in (b', 'a=b!', 'a===b', `a=${long(64)}`, `${'a,'.repeat(1000)}a`],
    ],
    ['labelSelectorOrNone', ['', 'a=b'], ['((']],
    [
      'taint',
      ['kubemark=true:NoSchedule', 'a:NoExecute', 'example.org/a=:PreferNoSchedule'],
      ['a b!=c:NoSchedule', 'a=b', 'NoSchedule', 'a=b:Sometimes', 'a=b=c:NoSchedule', `a=${long(64)}:NoSchedule`],
    ],
    [
      'image',
      [
        'pause',
        'registry.k8s.io/pause:3.10',
        'localhost:5000/a/b_c__d-e.f:V1.2-x_y',
        `a/b@${digest}`,
        `a:1@${digest}`,
        'Registry.example/a',
        '[::1]:5000/a',
      ],
      [
        '',
        'UPPER CASE:::!!',
        'a/UPPER',
        'a:',
        'a:-1',
        ' a',
        'a@sha256:123',
        'https://a/b',
        'a//b',
        `a:${long(129)}`,
        long(501),
      ],
    ],
    ['path', ['~/a b/ü.yaml'], ['', 'a\0b']],
    ['reference', ['Anything'], ['']],
  ])('should be kept by a %s (hostile 30) (review 35)', (kind, right, wrong) => {
    for (const text of right) expect([text, names[kind].safeParse(text).success]).toEqual([text, true])
    for (const text of wrong) expect([text, names[kind].safeParse(text).success]).toEqual([text, false])
  })

  it('should be looked at in no time, however long a text is', () => {
    const parts = ['a', '-', 'a.', 'a/', ' ', 'a,', 'a=', 'a in (', ',b', '_', '__', ':', '@', '!', '(', '\0']
    for (const part of parts)
      for (const end of ['', '!', '\n'])
        for (const form of Object.values(names)) form.safeParse(part.repeat(200_000) + end)
  })
})
