import { createHash } from 'node:crypto'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { Failure } from '../base/errors.ts'
import { excerpt } from '../base/excerpt.ts'
import { isExecutable, listFolder, listTree, readBytes, readTextFile } from '../base/files.ts'
import { minorOf } from '../base/kubernetes-version.ts'

/** Environment as a process gets it. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Every program that can be built, with its package in the Go modules of components. */
export const packages = {
  etcd: 'go.etcd.io/etcd/server/v3',
  'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
  'kube-controller-manager': 'k8s.io/kubernetes/cmd/kube-controller-manager',
  'kube-scheduler': 'k8s.io/kubernetes/cmd/kube-scheduler',
  'hollow-node': './hollow-node',
  kubelet: 'k8s.io/kubernetes/cmd/kubelet',
  'peer-relay': './peer-relay',
  pause: './pause',
  'etcd-benchmark': 'go.etcd.io/etcd/v3/tools/benchmark',
  'kube-proxy': 'k8s.io/kubernetes/cmd/kube-proxy',
} as const
export type Binary = keyof typeof packages

/** Programs that are no part of a cluster: only the main module pins them, whatever version of Kubernetes is asked for. */
export const toolBinaries = ['etcd-benchmark'] as const satisfies readonly Binary[]

/** What only tests run. The main module alone pins it, too. */
export const testBinaries = ['kube-proxy'] as const satisfies readonly Binary[]

/** What is built for each version of Kubernetes. */
export const versionBinaries = (Object.keys(packages) as Binary[]).filter(
  (binary) => ![...toolBinaries, ...testBinaries].some((other) => other === binary),
)

/** Variable that names a folder of ready binaries. */
export const componentsVariable = 'SCALE_TEST_COMPONENTS'

/** Which programs are wanted, and what they are built from. */
export interface WantedComponents {
  /** Folder of the Go module. */
  sourceFolder: string
  /** Version of Kubernetes such as `1.35`; without it, the one that the folder's go.mod pins. */
  kubernetes?: string | undefined
  binaries: readonly Binary[]
}

/** What a Go module of components pins. */
export interface ModulePins {
  /** The go.mod that pins it, relative to the folder. */
  file: string
  /** `v1.36.3` */
  kubernetes: string
  /** Oldest Go that builds it: `1.26.0` */
  go: string
}

/** Where the binaries are, or belong. */
export interface ComponentsPlace {
  wanted: WantedComponents
  folder: string
  missing: readonly Binary[]
  /** Whether the folder was given by the user, or is the cache, which `buildComponents` fills. */
  origin: 'given' | 'cache'
}

/**
 * Looks in the folder SCALE_TEST_COMPONENTS or, without it, in the cache: (XDG_CACHE_HOME or ~/.cache)/scale-test/
 * components/<Kubernetes version>-<hash of what they are built from>. Throws `Failure('bad-input')` when the sources do
 * not pin that version.
 */
export function locateComponents(wanted: WantedComponents, env: Environment): ComponentsPlace {
  const given = env[componentsVariable]
  const origin = given === undefined || given === '' ? 'cache' : 'given'
  const folder = origin === 'given' ? resolve(given ?? '') : join(cacheFolder(env), cacheKey(wanted))
  return { wanted, folder, missing: wanted.binaries.filter((binary) => !isExecutable(join(folder, binary))), origin }
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
        next: `Build them (Go is needed), or set ${componentsVariable} to a folder that holds ${place.wanted.binaries.join(', ')}`,
      })
}

/** Folder of all builds: one sub-folder each. */
function cacheFolder(env: Environment): string {
  return join(env['XDG_CACHE_HOME'] || join(env['HOME'] || homedir(), '.cache'), 'scale-test', 'components')
}

/** The versions that can be built, `1.37`, the newest first. Throws `Failure('bad-input')` when go.mod pins none. */
export function pinnedVersions(sourceFolder: string): string[] {
  const others = listFolder(sourceFolder)
    .filter((name) => name.startsWith(versionFolder('')))
    .map((name) => name.slice(versionFolder('').length))
  const minor = (version: string) => Number(version.split('.')[1])
  return [minorOf(parseModule(sourceFolder, 'go.mod').kubernetes), ...others].sort((a, b) => minor(b) - minor(a))
}

/** Reads the go.mod of a version. Throws `Failure('bad-input')` when there is none, or it does not say what is wanted. */
export function readModulePins({ sourceFolder, kubernetes }: Omit<WantedComponents, 'binaries'>): ModulePins {
  const pinned = parseModule(sourceFolder, 'go.mod')
  if (kubernetes === undefined || kubernetes === minorOf(pinned.kubernetes)) return pinned
  const known = pinnedVersions(sourceFolder)
  if (!known.includes(kubernetes))
    throw new Failure('bad-input', `Kubernetes ${excerpt(kubernetes)} is not among the versions that can be built`, {
      next: `Use one of ${known.join(', ')}; any other version needs a ${join(sourceFolder, versionFolder('1.x'), 'go.mod')}`,
    })
  return parseModule(sourceFolder, join(versionFolder(kubernetes), 'go.mod'))
}

/**
 * How every binary is built, but for its package: the same everywhere, whatever commit the checkout is at. The tag, such as
 * `kubernetes1.35`, chooses the sources for a version whose libraries differ.
 */
export function goBuildFlags({ file, kubernetes }: ModulePins): string[] {
  const [major, minor] = kubernetes.slice(1).split('.')
  const version = { gitVersion: kubernetes, gitMajor: major, gitMinor: minor }
  const stamps = Object.entries(version).map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`)
  const module = file === 'go.mod' ? [] : [`-modfile=${file}`]
  const tags = ['-tags', `kubernetes${minorOf(kubernetes)}`]
  return [...module, ...tags, '-trimpath', '-buildvcs=false', '-ldflags', ['-s', '-w', ...stamps].join(' ')]
}

/** Names one build: the same sources and flags have the same key on every machine. */
export function cacheKey(wanted: Omit<WantedComponents, 'binaries'>): string {
  const { sourceFolder } = wanted
  const pins = readModulePins(wanted)
  const hash = createHash('sha256').update(goBuildFlags(pins).join('\0'))
  const sums = pins.file.replace(/mod$/, 'sum')
  for (const file of [pins.file, sums, ...sourcesIn(sourceFolder)]) {
    hash.update(`\0${file}\0`).update(readBytes(join(sourceFolder, file)))
  }
  return `${pins.kubernetes}-${hash.digest('hex').slice(0, 12)}`
}

/** All that is compiled, but for what pins a version of Kubernetes, and what only describes the components. */
function sourcesIn(folder: string): string[] {
  return listTree(folder)
    .filter((file) => /\/go\.(mod|sum)$|\.go$/.test(file) && !file.endsWith('_test.go'))
    .filter((file) => !file.startsWith(versionFolder('')) && !file.startsWith('describe/'))
    .sort()
}

function versionFolder(kubernetes: string): string {
  return `kubernetes-${kubernetes}`
}

function parseModule(folder: string, file: string): ModulePins {
  const text = readTextFile(join(folder, file))
  const kubernetes = /^\s*k8s\.io\/kubernetes (v\d\S*)/m.exec(text)?.[1]
  const go = /^go (\d\S*)/m.exec(text)?.[1]
  if (kubernetes === undefined || go === undefined)
    throw new Failure(
      'bad-input',
      `${join(folder, file)} pins no version of ${go === undefined ? 'Go' : 'k8s.io/kubernetes'}`,
      { next: 'Restore it from version control' },
    )
  return { file, kubernetes, go }
}
