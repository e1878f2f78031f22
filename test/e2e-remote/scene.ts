import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseAllDocuments, stringify } from 'yaml'
import { systemClock } from '../../src/base/clock.ts'
import type { ProfileName } from '../../src/tuning/profiles.ts'
import { requestsOf } from '../../src/tuning/profiles.ts'
import { renderKnobs } from '../../src/tuning/render.ts'
import { root } from '../e2e/components.ts'
import type { ClusterAccess, HostCluster } from './host-cluster.ts'
import { startHostCluster } from './host-cluster.ts'
import { pauseImage, writeImages } from './images.ts'
import type { ProfileFlags } from './layout.ts'
import { limitedUser } from './layout.ts'
import { binaries } from './requirements.ts'
import type { Manifest } from './rights.ts'

/** Two clusters of real parts, and everything that `scale-test` needs to run on them as a user with the rights of manifests/. */
export interface Scene extends AsyncDisposable {
  readonly cluster: HostCluster
  /** What the plan's `remote:` section is: a file for --clusters. */
  readonly clustersFile: string
  /** Takes the run's products. */
  readonly folder: string
  /** Starts scale-test inside; `kubectl` with the administrator's rights reads what came of it. */
  scaleTest(args: readonly string[], options?: { signal?: AbortSignal }): ReturnType<HostCluster['run']>
  /** Names of all objects of one resource, by the administrator: `namespace/name`. */
  namesOf(cluster: 'host' | 'target', path: string): Promise<string[]>
}

const machines = 2

/** Brings up both clusters and grants the limited user what manifests/ grants. */
export async function setScene(): Promise<Scene> {
  const folder = mkdtempSync(join(tmpdir(), 'scale-test-e2e-remote-'))
  const images = writeImages(folder, binaries)
  const cluster = await startHostCluster({
    folder,
    hosts: machines,
    binaries,
    images,
    pauseImage,
    profiles: { untuned: flagsOf('untuned'), tuned: flagsOf('tuned') },
    clock: systemClock,
  })
  const scene: Scene = {
    cluster,
    folder,
    clustersFile: join(folder, 'clusters.yaml'),
    scaleTest: (args, options = {}) =>
      cluster.run(process.execPath, [join(root, 'src', 'main.ts'), ...args], {
        ...options,
        cwd: root,
        env: { SCALE_TEST_REPORTS: join(folder, 'reports') },
      }),
    async namesOf(name, path) {
      const { items } = JSON.parse(await administer(cluster, name, 'get', path)) as {
        items: { metadata: { namespace?: string; name: string } }[]
      }
      return items.map(({ metadata }) => `${metadata.namespace ?? ''}/${metadata.name}`).sort()
    },
    async [Symbol.asyncDispose]() {
      try {
        await cluster.stop()
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    },
  }
  try {
    for (const name of ['host', 'target'] as const) await grant(cluster, name)
    writeFileSync(scene.clustersFile, stringify({ remote: remoteOf(cluster) }))
    return scene
  } catch (error) {
    await scene[Symbol.asyncDispose]()
    throw error
  }
}

/** The flags of a profile that belong to servers which a re-tuning restarts. */
function flagsOf(profile: ProfileName): ProfileFlags {
  const { flags } = renderKnobs(requestsOf(profile).filter(({ knob }) => knob.setting.via === 'flag'))
  return {
    'kube-apiserver': flags['kube-apiserver'] ?? {},
    'kube-controller-manager': flags['kube-controller-manager'] ?? {},
  }
}

function remoteOf({ host, target, retune }: HostCluster): object {
  const reach = ({ limitedKubeconfig, context, uid }: ClusterAccess) => ({
    kubeconfig: limitedKubeconfig,
    context,
    uid,
  })
  return { host: reach(host), targets: [{ ...reach(target), components: target.components }], retune }
}

/** Applies manifests/rbac-*.yaml as an administrator would, for the limited user. */
async function grant(cluster: HostCluster, name: 'host' | 'target'): Promise<void> {
  const text = readFileSync(join(root, 'manifests', `rbac-${name}.yaml`), 'utf8')
  const objects = parseAllDocuments(text).map((document) => document.toJS() as Manifest & { subjects?: object[] })
  for (const object of objects) {
    if (object.subjects !== undefined)
      object.subjects = [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: limitedUser }]
  }
  const file = join(cluster.logFolder, `rbac-${name}.json`)
  writeFileSync(file, JSON.stringify(objects))
  await administer(cluster, name, 'apply', file)
}

/** Lets the administrator of a cluster `get` a page of its API or `apply` a file of objects; returns what was read. */
async function administer(cluster: HostCluster, name: 'host' | 'target', verb: 'get' | 'apply', operand: string) {
  const { kubeconfig, context } = cluster[name]
  const program = join(import.meta.dirname, 'administrator.ts')
  const { status, stdout, stderr } = await cluster.run(process.execPath, [program, kubeconfig, context, verb, operand])
  if (status !== 0) throw new Error(stderr)
  return stdout
}
