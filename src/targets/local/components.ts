import { createHash } from 'node:crypto'
import { accessSync, constants, readdirSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { Failure } from '../../base/errors.ts'

/** Environment as a process gets it. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Every program the local target runs. */
export const binaries = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'hollow-node'] as const
export type Binary = (typeof binaries)[number]

/** Variable that names a folder of ready binaries. */
export const componentsVariable = 'SCALE_TEST_COMPONENTS'

/** What a Go module of components pins. */
export interface ModulePins {
  /** `v1.36.3` */
  kubernetes: string
  /** Oldest Go that builds it: `1.26.0` */
  go: string
}

/** Where the binaries are, or belong. */
export interface ComponentsPlace {
  folder: string
  missing: readonly Binary[]
  /** Whether the folder was given by the user, or is the cache, which `buildComponents` fills. */
  origin: 'given' | 'cache'
}

/**
 * Looks in the folder SCALE_TEST_COMPONENTS or, without it, in the cache: (XDG_CACHE_HOME or ~/.cache)/scale-test/
 * components/<Kubernetes version>-<hash of what they are built from>. Throws `Failure('bad-input')` when the sources
 * pin no version.
 */
export function locateComponents(sourceFolder: string, env: Environment): ComponentsPlace {
  const given = env[componentsVariable]
  const origin = given === undefined || given === '' ? 'cache' : 'given'
  const folder = origin === 'given' ? resolve(given ?? '') : join(cacheFolder(env), cacheKey(sourceFolder))
  return { folder, missing: binaries.filter((binary) => !isExecutable(join(folder, binary))), origin }
}

/** The folder that holds all binaries. Throws `Failure('infrastructure')` that names those that are missing. */
export function requireComponents(place: ComponentsPlace): string {
  if (place.missing.length === 0) return place.folder
  const names = place.missing.join(', ')
  throw place.origin === 'given'
    ? new Failure(
        'infrastructure',
        `${componentsVariable}=${place.folder} lacks ${names} (or they are not executable)`,
        {
          next: `Put them there, or unset ${componentsVariable}: with Go installed they are then built`,
        },
      )
    : new Failure('infrastructure', `${place.folder} lacks ${names}: the components are not built yet`, {
        next: `Build them (Go is needed), or set ${componentsVariable} to a folder that holds ${binaries.join(', ')}`,
      })
}

/** Folder of all builds: one sub-folder each. */
function cacheFolder(env: Environment): string {
  return join(env['XDG_CACHE_HOME'] || join(env['HOME'] || homedir(), '.cache'), 'scale-test', 'components')
}

/** Reads go.mod. Throws `Failure('bad-input')` when it does not say what is wanted. */
export function readModulePins(sourceFolder: string): ModulePins {
  const file = join(sourceFolder, 'go.mod')
  const text = readFileSync(file, 'utf8')
  const kubernetes = /^\s*k8s\.io\/kubernetes (v\d\S*)/m.exec(text)?.[1]
  const go = /^go (\d\S*)/m.exec(text)?.[1]
  if (kubernetes === undefined || go === undefined)
    throw new Failure('bad-input', `${file} pins no version of ${go === undefined ? 'Go' : 'k8s.io/kubernetes'}`, {
      next: 'Restore it from version control',
    })
  return { kubernetes, go }
}

/** How every binary is built, but for its package: the same everywhere, whatever commit the checkout is at. */
export function goBuildFlags({ kubernetes }: ModulePins): string[] {
  const [major, minor] = kubernetes.slice(1).split('.')
  const version = { gitVersion: kubernetes, gitMajor: major, gitMinor: minor }
  const stamps = Object.entries(version).map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`)
  return ['-trimpath', '-buildvcs=false', '-ldflags', ['-s', '-w', ...stamps].join(' ')]
}

/** Names one build: the same sources and flags have the same key on every machine. */
export function cacheKey(sourceFolder: string): string {
  const pins = readModulePins(sourceFolder)
  const hash = createHash('sha256').update(goBuildFlags(pins).join('\0'))
  for (const file of sourcesIn(sourceFolder)) {
    hash.update(`\0${file}\0`).update(readFileSync(join(sourceFolder, file)))
  }
  return `${pins.kubernetes}-${hash.digest('hex').slice(0, 12)}`
}

function sourcesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => /(^|\/)go\.(mod|sum)$|\.go$/.test(file) && !file.endsWith('_test.go'))
    .sort()
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
