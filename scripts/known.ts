import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { writeFileWhole } from '../src/base/files.ts'
import { minorOf } from '../src/base/kubernetes-version.ts'
import { goBuildFlags, readModulePins } from '../src/components/components.ts'

/** Each has a program in components/describe that tells what can be set of it. */
const components = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubelet', 'kube-proxy']

const root = join(import.meta.dirname, '..')
const sourceFolder = join(root, 'components')
const pins = readModulePins({ sourceFolder, kubernetes: process.env['KUBERNETES'] || undefined })
const minor = minorOf(pins.kubernetes)

const folder = mkdtempSync(join(tmpdir(), 'scale-test-known-'))
try {
  build(folder)
  const parts = components.map((component) => [component, JSON.parse(run(join(folder, component), []))])
  const known = { kubernetes: pins.kubernetes, ...Object.fromEntries(parts) }
  writeFileWhole(join(root, 'src', 'tuning', 'known', `${minor}.json`), knownText(known))
} finally {
  rmSync(folder, { recursive: true })
}

/** Builds with a copy of the module, to which Go adds what only kube-proxy needs: the components are built without it. */
function build(folder: string): void {
  const file = join(folder, 'go.mod')
  copyFileSync(join(sourceFolder, pins.file), file)
  copyFileSync(join(sourceFolder, pins.file.replace(/mod$/, 'sum')), join(folder, 'go.sum'))
  run('go', ['build', ...goBuildFlags({ ...pins, file }), '-mod=mod', '-o', `${folder}/`, './describe/...'])
}

function run(program: string, args: readonly string[]): string {
  const { status, stdout, error } = spawnSync(program, args, {
    cwd: sourceFolder,
    env: { ...process.env, CGO_ENABLED: '0' },
    encoding: 'utf8',
    maxBuffer: 1 << 24,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (status !== 0) throw error ?? new Error(`${program} ${args[0] ?? ''} ended with status ${status}`)
  return stdout
}

/** A line for each flag, gate and field, so that two versions can be compared. */
function knownText(known: object): string {
  return `${format(known, 3, '')}\n`
}

function format(value: unknown, levels: number, indent: string): string {
  if (levels === 0 || typeof value !== 'object' || value === null) return JSON.stringify(value)
  const lines = Object.entries(value).map(
    ([key, inner]) => `${indent}  ${JSON.stringify(key)}: ${format(inner, levels - 1, `${indent}  `)}`,
  )
  return `{\n${lines.join(',\n')}\n${indent}}`
}
