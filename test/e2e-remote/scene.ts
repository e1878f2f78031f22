import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import process from 'node:process'
import { parseAllDocuments, stringify } from 'yaml'
import { systemClock } from '../../src/base/clock.ts'
import { requestsUnder } from '../../src/testing/profiles.ts'
import { refusalOf } from '../../src/tuning/open-knobs.ts'
import { renderKnobs } from '../../src/tuning/render.ts'
import { root } from '../e2e/components.ts'
import type { Contents } from './contents.ts'
import type { ClusterAccess, HostCluster, Outcome } from './host-cluster.ts'
import { startHostCluster } from './host-cluster.ts'
import type { HowTo } from './how-to.ts'
import { readHowTo } from './how-to.ts'
import { buildHollowImage, pauseImage, writePauseImage } from './images.ts'
import type { ClusterName, ProfileFlags } from './layout.ts'
import { clusterNames } from './layout.ts'
import { writeOrchestratorImage } from './orchestrator-image.ts'
import type { Recipe } from './recipe.ts'
import { readRecipe } from './recipe.ts'
import { binaries } from './requirements.ts'
import type { Manifest } from './rights.ts'

/** Two clusters of real parts, and everything that `scale-test` needs to run on them as a user with the rights of manifests/. */
export interface Scene extends AsyncDisposable {
  readonly cluster: HostCluster
  readonly howTo: HowTo
  readonly recipe: Recipe
  /** Is the home folder of what runs inside. */
  readonly folder: string
  /** Names of the runs that there were, the first one first. */
  runs(): string[]
  /** Runs a line of shell inside, from the project's folder. */
  follow(command: string, options?: { signal?: AbortSignal }): Promise<Outcome>
  /** Writes ~/clusters.yaml. */
  writeClusters(uids: { host?: string; target?: string }): void
  /** What the servers of both clusters were started with. */
  servers(): Promise<string>
  /** Everything that both clusters keep. */
  contents(): Promise<Contents>
  /** Waits until a list of a cluster's API has an object of this name. */
  appearance(cluster: ClusterName, path: string, name: string, signal: AbortSignal): Promise<void>
  /** Reads, as an administrator, what a cluster's API has at a path. */
  read(cluster: ClusterName, path: string): Promise<string>
  /** Waits until the Job at a path has succeeded or failed. */
  finish(cluster: ClusterName, path: string, signal: AbortSignal): Promise<void>
  /** Creates and changes, or removes, objects as an administrator. */
  administer(cluster: ClusterName, verb: 'apply' | 'delete', objects: readonly Manifest[]): Promise<void>
}

const machines = 2
/** What the target's servers are started with before any run. */
const asBefore = 'as-before'
const noFlags: ProfileFlags = { 'kube-apiserver': {}, 'kube-controller-manager': {} }

/** Brings up both clusters and grants the limited user what manifests/ grants. */
export async function setScene(): Promise<Scene> {
  const folder = mkdtempSync(join(tmpdir(), 'scale-test-e2e-remote-'))
  const howTo = readHowTo()
  const recipe = readRecipe()
  const clearing = async (cluster?: HostCluster) => {
    try {
      await cluster?.stop()
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }
  let cluster: HostCluster | undefined
  try {
    const hollow = buildHollowImage(howTo.command('make image'), folder, binaries)
    const orchestrator = writeOrchestratorImage(folder, recipe)
    cluster = await startHostCluster({
      folder,
      hosts: machines,
      binaries,
      images: [writePauseImage(folder, binaries), hollow, orchestrator],
      pauseImage,
      profiles: { untuned: flagsOf('untuned'), tuned: flagsOf('tuned'), [asBefore]: noFlags },
      clock: systemClock,
    })
    for (const name of clusterNames) await grant(cluster, name, howTo.command(`kubectl --context ${name} apply`))
  } catch (error) {
    await clearing(cluster)
    throw error
  }
  const started = cluster
  const reports = join(folder, 'reports')
  const scene: Scene = {
    cluster: started,
    howTo,
    recipe,
    folder,
    runs: () =>
      existsSync(reports)
        ? readdirSync(reports)
            .filter((name) => name !== 'index.html')
            .sort()
        : [],
    follow: (command, options = {}) =>
      started.run('sh', ['-c', command], { ...options, cwd: root, env: { HOME: folder, SCALE_TEST_REPORTS: reports } }),
    writeClusters: (uids) =>
      writeFileSync(join(folder, 'clusters.yaml'), stringify({ remote: remoteOf(started, uids) })),
    async servers() {
      const command = `for file in /proc/[0-9]*/cmdline; do tr '\\0' ' ' < $file; echo; done 2> /dev/null`
      const { stdout } = await started.run('sh', ['-c', command])
      const lines = stdout.split('\n').filter((line) => /^\S*\/kube-(apiserver|controller-manager) /.test(line))
      return lines.sort().join('\n')
    },
    async contents() {
      const found = await Promise.all(
        clusterNames.map(async (name) => {
          const contents = JSON.parse(await asAdministrator(started, name, ['contents'])) as Contents
          return Object.entries(contents).map(([ref, object]) => [`${name} ${ref}`, object] as const)
        }),
      )
      return Object.fromEntries(found.flat())
    },
    appearance: async (name, path, object, signal) =>
      void (await asAdministrator(started, name, ['await', path, object], signal)),
    read: (name, path) => asAdministrator(started, name, ['read', path]),
    finish: async (name, path, signal) => void (await asAdministrator(started, name, ['finish', path], signal)),
    async administer(name, verb, objects) {
      const file = join(folder, 'objects.json')
      writeFileSync(file, JSON.stringify(objects))
      await asAdministrator(started, name, [verb, file])
    },
    [Symbol.asyncDispose]: () => clearing(started),
  }
  return scene
}

/** The flags of a profile that belong to servers which a re-tuning restarts. */
function flagsOf(profile: string): ProfileFlags {
  const taken = requestsUnder(profile).filter(
    // A program that is given a flag it does not know any more does not start.
    ({ knob, value }) => knob.setting.via === 'flag' && refusalOf(knob, value, undefined) === undefined,
  )
  const { flags } = renderKnobs(taken)
  return {
    'kube-apiserver': flags['kube-apiserver'] ?? {},
    'kube-controller-manager': flags['kube-controller-manager'] ?? {},
  }
}

function remoteOf({ host, target, retune }: HostCluster, uids: { host?: string; target?: string }): object {
  const reach = ({ limitedKubeconfig: kubeconfig, context }: ClusterAccess, uid?: string) => ({
    kubeconfig,
    context,
    ...(uid !== undefined && { uid }),
  })
  const one = { ...reach(target, uids.target), components: target.components }
  // The arm's name comes after that, and changes nothing.
  const restore = [...retune, asBefore]
  return { host: reach(host, uids.host), targets: [one], retune, restore }
}

/** Applies a file of manifests/ by the command `kubectl --context <cluster> apply -f <file>`, for the limited user. */
async function grant(cluster: HostCluster, name: ClusterName, command: string): Promise<void> {
  const file = command.split(' -f ')[1] ?? ''
  const documents = parseAllDocuments(readFileSync(join(root, file), 'utf8'))
  const objects = documents.map((document) => document.toJS() as Manifest)
  const copy = join(cluster.logFolder, `${basename(file)}.json`)
  writeFileSync(copy, JSON.stringify(objects))
  await asAdministrator(cluster, name, ['apply', copy])
}

/** Lets the administrator of a cluster do something (administrator.ts) and returns what was printed. */
async function asAdministrator(
  cluster: HostCluster,
  name: ClusterName,
  words: readonly string[],
  signal?: AbortSignal,
): Promise<string> {
  const { kubeconfig, context } = cluster[name]
  const args = [join(import.meta.dirname, 'administrator.ts'), kubeconfig, context, ...words]
  const { status, stdout, stderr } = await cluster.run(process.execPath, args, signal === undefined ? {} : { signal })
  if (status !== 0) throw new Error(stderr)
  return stdout
}
