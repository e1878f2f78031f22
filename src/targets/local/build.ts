import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { ProcessOutput, Shell } from 'zx/core'
import { $ } from 'zx/core'
import type { Clock } from '../../base/clock.ts'
import { formatDuration } from '../../base/duration.ts'
import { Failure } from '../../base/errors.ts'
import type { Binary, ComponentsPlace, Environment } from './components.ts'
import { binaries, cacheKey, componentsVariable, goBuildFlags, readModulePins } from './components.ts'

/** Which binary is being built. */
export interface BuildProgress {
  binary: Binary
  /** 1 for the first. */
  number: number
  of: number
  /** Since the first one was begun. */
  elapsedMs: number
}

export interface BuildOptions {
  sourceFolder: string
  env: Environment
  clock: Clock
  signal: AbortSignal
  /** Called about once a second. */
  onProgress(progress: BuildProgress): void
}

/** `building kube-apiserver (2 of 5), 45.0 s` */
export function describeBuild({ binary, number, of, elapsedMs }: BuildProgress): string {
  return `building ${binary} (${number} of ${of}), ${formatDuration(elapsedMs)}`
}

const packages: Readonly<Record<Binary, string>> = {
  etcd: 'go.etcd.io/etcd/server/v3',
  'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
  'kube-controller-manager': 'k8s.io/kubernetes/cmd/kube-controller-manager',
  'kube-scheduler': 'k8s.io/kubernetes/cmd/kube-scheduler',
  'hollow-node': './hollow-node',
}

/**
 * Builds every component from the pinned Go module into `place`, which is in the cache; does nothing when they are all
 * there. Takes some ten minutes on two cores the first time, half a minute with Go's own cache filled. Builds go to a folder of their own that is renamed when it is complete, so
 * the cache never holds half a build, and of two builders at once the first to end wins. Throws
 * `Failure('infrastructure')` when Go is missing, too old or fails, or the sources change meanwhile, and the signal's reason when it aborts.
 */
export async function buildComponents(place: ComponentsPlace, options: BuildOptions): Promise<void> {
  if (place.missing.length === 0) return
  const { sourceFolder, clock, signal, onProgress } = options
  signal.throwIfAborted()
  const pins = readModulePins(sourceFolder)
  const shell = $({
    cwd: sourceFolder,
    env: { ...definedOnly(options.env), CGO_ENABLED: '0' },
    signal,
    quiet: true,
    nothrow: true,
    // Were it a socket, as Node makes its pipes, bash would read ~/.bashrc, which may change PATH.
    stdio: ['ignore', 'pipe', 'pipe'],
    // A process group of its own: an abort then ends the compilers too, which are children of go.
    detached: true,
  })
  await checkGo(shell, pins.go)
  signal.throwIfAborted()

  mkdirSync(dirname(place.folder), { recursive: true })
  removeAbandoned(place.folder)
  const unfinished = mkdtempSync(`${place.folder}.building-${process.pid}-`)
  const startedMs = clock.nowMs()
  try {
    for (const [index, binary] of binaries.entries()) {
      const done = new AbortController()
      const ticking = tick(clock, done.signal, () =>
        onProgress({ binary, number: index + 1, of: binaries.length, elapsedMs: clock.nowMs() - startedMs }),
      )
      const output = await shell`go build ${goBuildFlags(pins)} -o ${join(unfinished, binary)} ${packages[binary]}`
      done.abort()
      await ticking
      signal.throwIfAborted()
      if (!output.ok) throw buildFailure(binary, output)
    }
    if (cacheKey(sourceFolder) !== basename(place.folder))
      throw new Failure('infrastructure', `${sourceFolder} was changed while it was being built`, {
        next: 'Build again',
      })
    publish(unfinished, place.folder)
  } finally {
    rmSync(unfinished, { recursive: true, force: true })
  }
}

async function checkGo(shell: Shell, wanted: string): Promise<void> {
  const next = `Install Go ${wanted} or later (https://go.dev/dl), or set ${componentsVariable} to a folder that holds ${binaries.join(', ')}`
  const output = await shell`go env GOVERSION`
  const found = /^go(\d+(?:\.\d+)*)/.exec(output.stdout)?.[1]
  if (!output.ok || found === undefined) {
    const reason = output.stderr.trim().split('\n').at(-1) ?? ''
    throw new Failure('infrastructure', `the components cannot be built: go does not run (${reason})`, { next })
  }
  if (isOlder(found, wanted))
    throw new Failure('infrastructure', `the components cannot be built: they need Go ${wanted}, this is ${found}`, {
      next,
    })
}

function isOlder(version: string, wanted: string): boolean {
  const [left, right] = [version, wanted].map((text) => text.split('.').map(Number))
  for (const [index, part] of (right ?? []).entries()) {
    const other = left?.[index] ?? 0
    if (other !== part) return other < part
  }
  return false
}

async function tick(clock: Clock, signal: AbortSignal, report: () => void): Promise<void> {
  try {
    for (;;) {
      report()
      await clock.sleep(1000, signal)
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

function buildFailure(binary: Binary, output: ProcessOutput): Failure {
  const words = output.stderr.trim().split('\n').slice(-15).join('\n')
  return new Failure('infrastructure', `${binary} cannot be built:\n${words}`, {
    next: 'Modules are downloaded the first time: check the network, GOPROXY and free disk space (5 GB)',
  })
}

function publish(unfinished: string, folder: string): void {
  // What is there is either complete, from another builder, or was damaged by hand.
  if (existsSync(folder) && !binaries.every((binary) => existsSync(join(folder, binary))))
    rmSync(folder, { recursive: true, force: true })
  try {
    renameSync(unfinished, folder)
  } catch (error) {
    if (!existsSync(folder)) throw error
  }
}

/** Half builds of builders that were killed: 400 MB each. */
function removeAbandoned(folder: string): void {
  for (const name of readdirSync(dirname(folder))) {
    const builder = /\.building-(\d+)-/.exec(name)?.[1]
    if (builder === undefined || existsSync(`/proc/${builder}`)) continue
    rmSync(join(dirname(folder), name), { recursive: true, force: true })
  }
}

function definedOnly(env: Environment): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}
