import { basename, dirname, join } from 'node:path'
import type { ProcessOutput, Shell } from 'zx/core'
import type { Clock } from '../base/clock.ts'
import { formatDuration } from '../base/duration.ts'
import { Failure } from '../base/errors.ts'
import { kindOf, listFolder, makeFolder, makeTemporaryFolder, moveFile, remove } from '../base/files.ts'
import { createShell } from '../base/shell.ts'
import type { Binary, ComponentsPlace, Environment } from './components.ts'
import { cacheKey, componentsVariable, goBuildFlags, packages, readModulePins } from './components.ts'

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

/**
 * Builds what is missing from the pinned Go module into `place`, which is in the cache. The five of target local take some
 * ten minutes on two cores the first time, half a minute with Go's own cache filled. Each binary is built in a folder of its own and
 * moved into place when it is whole, so the cache never holds half of one, and builders may run at once. Throws
 * `Failure('infrastructure')` when Go is missing, too old or fails, or the sources change meanwhile, and the signal's reason when it aborts.
 */
export async function buildComponents(place: ComponentsPlace, options: BuildOptions): Promise<void> {
  const { wanted, missing, folder } = place
  if (missing.length === 0) return
  const { clock, signal, onProgress } = options
  signal.throwIfAborted()
  const pins = readModulePins(wanted)
  const shell = createShell({ cwd: wanted.sourceFolder, env: { ...options.env, CGO_ENABLED: '0' }, signal })
  await checkGo(shell, pins.go, wanted.binaries)
  signal.throwIfAborted()

  // Programs, which anybody may use.
  makeFolder(dirname(folder), 0o755)
  removeAbandoned(folder)
  const workshop = makeTemporaryFolder(`${folder}.building-${process.pid}-`)
  const startedMs = clock.nowMs()
  try {
    for (const [index, binary] of missing.entries()) {
      const done = new AbortController()
      const ticking = tick(clock, done.signal, () =>
        onProgress({ binary, number: index + 1, of: missing.length, elapsedMs: clock.nowMs() - startedMs }),
      )
      const output = await shell`go build ${goBuildFlags(pins)} -o ${join(workshop, binary)} ${packages[binary]}`
      done.abort()
      await ticking
      signal.throwIfAborted()
      if (!output.ok) throw buildFailure(binary, output)
      if (cacheKey(wanted) !== basename(folder))
        throw new Failure('infrastructure', `${wanted.sourceFolder} was changed while it was being built`, {
          next: 'Build again',
        })
      makeFolder(folder, 0o755)
      moveFile(join(workshop, binary), join(folder, binary))
    }
  } finally {
    remove(workshop)
  }
}

async function checkGo(shell: Shell, wanted: string, binaries: readonly Binary[]): Promise<void> {
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

/** Half builds of builders that were killed: 400 MB each. */
function removeAbandoned(folder: string): void {
  for (const name of listFolder(dirname(folder))) {
    const builder = /\.building-(\d+)-/.exec(name)?.[1]
    if (builder === undefined || kindOf(`/proc/${builder}`) !== undefined) continue
    remove(join(dirname(folder), name))
  }
}
