import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import type { Manifest } from './rights.ts'
import { pathOf } from './rights.ts'
import type { Scene } from './scene.ts'

/** The recipe's CronJob on the host cluster, with what it needs. */
export interface ScheduledRun {
  /** The CronJob, after what a reader of the recipe creates for it. */
  objects: readonly Manifest[]
  /** What `kubectl create job --from=cronjob/scale-test <name>` creates; goes with the CronJob, which must be there. */
  jobOf(name: string): Promise<Manifest>
  /** Where its volume for reports lies. */
  reports: string
  /** Names of the runs there. */
  runs(): string[]
}

const namespace = 'default'

/** Fills the recipe in for a scene: the clusters, another plan, and a disk for reports. */
export function scheduleRun({ recipe, cluster, folder, read }: Scene, planFile: string): ScheduledRun {
  const { host, targets } = recipe.clusters.remote
  const remote = {
    host: { ...host, uid: cluster.host.uid },
    targets: targets.map((target) => ({ ...target, uid: cluster.target.uid })),
  }
  const contents: Readonly<Record<string, string>> = {
    'clusters.yaml': stringify({ remote }),
    'host.yaml': readFileSync(cluster.host.limitedKubeconfig, 'utf8'),
    'target.yaml': readFileSync(cluster.target.limitedKubeconfig, 'utf8'),
  }
  const files = recipe.secret.files.map((file) => [file, contents[file]] as const)
  const secret = {
    ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name: recipe.secret.name, namespace } },
    stringData: Object.fromEntries([...files, ['plan.yaml', readFileSync(planFile, 'utf8')]]),
  }
  const { apiVersion, kind, metadata, spec } = structuredClone(recipe.cronJob)
  // The test creates its Jobs itself, also on Saturdays at two.
  const cronJob = { apiVersion, kind, metadata: { ...metadata, namespace }, spec: { ...spec, suspend: true } }
  for (const container of spec.jobTemplate.spec.template.spec.containers)
    container.args = container.args.map((word) => (word === '5k-nodes' ? '/clusters/plan.yaml' : word))
  const reports = join(folder, 'cron-job-reports')
  mkdirSync(reports, { recursive: true })
  return {
    objects: [secret, ...diskFor('scale-test-reports', reports, cluster.machines[0] ?? ''), cronJob],
    async jobOf(name) {
      const { uid } = JSON.parse(await read('host', pathOf(cronJob))).metadata
      const ownerReferences = [{ apiVersion, kind, name: metadata.name ?? '', uid }]
      return { apiVersion, kind: 'Job', metadata: { name, namespace, ownerReferences }, spec: spec.jobTemplate.spec }
    },
    reports,
    runs: () =>
      readdirSync(reports)
        .filter((name) => name !== 'index.html')
        .sort(),
  }
}

/** A folder on a machine as a claim's volume; it becomes the group's of a pod that says `fsGroup`. */
function diskFor(claim: string, path: string, machine: string): Manifest[] {
  const what = { accessModes: ['ReadWriteOnce'], storageClassName: '' }
  const isThere = { key: 'kubernetes.io/hostname', operator: 'In', values: [machine] }
  const volume = {
    ...what,
    capacity: { storage: '1Gi' },
    local: { path },
    nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [isThere] }] } },
  }
  const request = { ...what, resources: { requests: { storage: '1Gi' } } }
  return [
    { apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: claim }, spec: volume },
    { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: claim, namespace }, spec: request },
  ]
}
