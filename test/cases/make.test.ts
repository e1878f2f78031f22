import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { root } from '../e2e/components.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'scale-test-make-'))
  copyFileSync(join(root, 'Makefile'), join(folder, 'Makefile'))
  mkdirSync(join(folder, 'node_modules', '.bin'), { recursive: true })
  const node = join(folder, 'node_modules', '.bin', 'node')
  writeFileSync(node, '#!/bin/sh\nfor word in "$@"; do printf "%s\\0" "$word"; done\n')
  chmodSync(node, 0o755)
  for (const file of ['package.json', 'package-lock.json', 'node_modules/.package-lock.json'])
    writeFileSync(join(folder, file), '')
  for (const file of ['package.json', 'package-lock.json']) utimesSync(join(folder, file), 0, 0)
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** The words that the program gets from make, from `run` or its like on. */
function words(target: string, values: Record<string, string>, env: Record<string, string> = {}): string[] {
  const assigned = Object.entries(values).map(([name, value]) => `${name}=${value}`)
  const { status, stdout, stderr } = spawnSync('make', [target, ...assigned], {
    cwd: folder,
    env: { PATH: process.env['PATH'], ...env },
    encoding: 'utf8',
  })
  expect([status, stderr]).toEqual([0, ''])
  const all = stdout.split('\0').slice(0, -1)
  return all.slice(all.indexOf('src/start.cjs') + 1)
}

/** Values that a shell, or make, would take apart or carry out. */
const hostile = [
  'my plan.yaml',
  'smoke; touch PWNED',
  'a && b | c > PWNED',
  '$(touch PWNED)',
  '`touch PWNED`',
  '$(shell touch PWNED)',
  '$HOME $(PLAN) $$ $x',
  '"quoted" and \'so\'',
  'back\\slash #hash %',
  '*',
  '--help',
  'two\nlines',
]

describe('make', () => {
  it.each(hostile)('should pass %j on as one word (hostile 14)', (value) => {
    expect(words('scale-test', { PLAN: value })).toEqual(['run', '--', value])
    expect(words('scale-test', {}, { PLAN: value })).toEqual(['run', '--', value])
    expect(words('scale-test', { TARGET: value, REPEAT: value, CLUSTERS: value, PLAN: 'p' })).toEqual([
      'run',
      `--target=${value}`,
      `--repeat=${value}`,
      `--clusters=${value}`,
      '--',
      'p',
    ])
    expect(words('simulate', { SEEDS: value })).toEqual(['simulate', `--seeds=${value}`])
    expect(words('image', { BUILDER: value, KUBERNETES: value, IMAGE_REGISTRY: value })).toEqual([
      'image',
      `--builder=${value}`,
      `--kubernetes=${value}`,
      `--registry=${value}`,
    ])
    expect(existsSync(join(folder, 'PWNED'))).toBe(false)
  })

  it('should say nothing of what is not set', () => {
    expect(words('scale-test', {})).toEqual(['run', '--', 'single-node'])
    expect(words('image', {})).toEqual(['image', '--builder=auto'])
  })

  it('should take ARGS for words, as a shell reads them, and CONFIRM for one context each', () => {
    expect(words('scale-test', { CONFIRM: 'prod-* a;b', ARGS: `--set 'seed=4' --set "x=a b"` })).toEqual([
      'run',
      '--set',
      'seed=4',
      '--set',
      'x=a b',
      '--confirm=prod-*',
      '--confirm=a;b',
      '--',
      'single-node',
    ])
  })

  it('should stop after an installation that cannot run the program, and install again next time', () => {
    const [installed, bin] = [join(folder, 'node_modules', '.package-lock.json'), join(folder, 'node_modules', '.bin')]
    writeFileSync(join(bin, 'npm'), '#!/bin/sh\necho "npm $1"; echo "{}" > node_modules/.package-lock.json\n')
    chmodSync(join(bin, 'npm'), 0o755)
    rmSync(installed)
    const make = () => {
      const { status, stdout, stderr } = spawnSync('make', ['scale-test'], {
        cwd: folder,
        env: { PATH: process.env['PATH'] },
        encoding: 'utf8',
      })
      return { status, npm: stdout.includes('npm ci\n'), ran: stdout.includes('single-node'), stderr }
    }
    const node = readFileSync(join(bin, 'node'), 'utf8')
    writeFileSync(join(bin, 'node'), '#!/bin/sh\necho "This is Node 20." >&2; exit 5\n')
    for (let times = 0; times < 2; times++) {
      expect(make()).toMatchObject({ status: 2, npm: true, stderr: expect.stringContaining('This is Node 20.') })
      expect(existsSync(installed)).toBe(false)
    }
    writeFileSync(join(bin, 'node'), node)
    expect(make()).toEqual({ status: 0, npm: true, ran: true, stderr: '' })
    expect(make()).toEqual({ status: 0, npm: false, ran: true, stderr: '' })
  })
})
