import { orAborted, withTimeLimit } from '../base/abort.ts'
import type { Clock } from '../base/clock.ts'
import { plural } from '../base/count.ts'
import { formatDuration } from '../base/duration.ts'
import { Failure, messageOf } from '../base/errors.ts'
import { formatList } from '../base/names.ts'
import { formatBytes } from '../base/quantity.ts'
import { storedObjects } from '../fleet/estimate.ts'
import type { StoredObjects } from '../fleet/etcd-sizing.ts'
import { quotaFor } from '../fleet/etcd-sizing.ts'
import type { ForecastStep } from '../fleet/step-forecast.ts'
import { forecastSteps } from '../fleet/step-forecast.ts'
import type { KubeApi } from '../kube/api.ts'
import { freeingCommands, isOutOfSpace } from '../kube/failures.ts'
import type { EtcdFill } from '../measure/etcd-use.ts'
import { fullestEtcdOn } from '../measure/etcd-use.ts'
import type { Plan } from '../plan/plan.ts'
import { stepKinds } from '../steps/registry.ts'
import type { Cluster } from '../targets/target.ts'
import { ownSelector } from '../workload/stamp.ts'

/**
 * The cluster, and a signal that aborts with the refusal once its etcd is out of space: the first write that meets this tells, whoever of the
 * orchestrator sent it, the canary of the watch lag included. Nothing that waits for controllers would come to an end by itself.
 */
export function noticingNoSpace(cluster: Cluster): { cluster: Cluster; full: AbortSignal } {
  const full = new AbortController()
  const noticing = async <T>(writing: Promise<T>): Promise<T> => {
    try {
      return await writing
    } catch (error) {
      if (isOutOfSpace(error)) full.abort(error)
      throw error
    }
  }
  const { api } = cluster
  return {
    full: full.signal,
    cluster: {
      ...cluster,
      api: {
        ...api,
        create: (resource, object) => noticing(api.create(resource, object)),
        patch: (ref, patch, subresource) => noticing(api.patch(ref, patch, subresource)),
      },
    },
  }
}

interface Situation {
  cluster: Cluster
  clock: Clock
  plan: Plan
  runId: string
  /** When the arm began, on the clock. */
  beganMs: number
}

/** Longer than this nothing is looked up for a message. */
const lookMs = 30_000

/** A file this near to its quota has no room for an object of usual size. */
const fullRatio = 0.97

/**
 * What ended an arm, in words that help when it was an etcd without space: a write that was refused, or something that did not happen in time
 * beside an etcd that is full. Anything else as it is. A cluster that goes away with its etcd says nothing of the next arm's, so that only this
 * arm is inconclusive.
 */
export async function explainNoSpace(error: unknown, situation: Situation): Promise<unknown> {
  const isLate = error instanceof Failure && error.kind === 'inconclusive'
  if (!isOutOfSpace(error) && !isLate) return error
  const { cluster, clock, runId, beganMs } = situation
  const afterMs = clock.nowMs() - beganMs
  const { sizes, counts, enoughBytes } = await lookAt(situation)
  if (isLate && !isFull(sizes)) return error
  const inEtcd = Object.entries(counts ?? {}).flatMap(([kind, count]) =>
    count === 0 ? [] : kind === 'ballast' ? [plural(count, 'ballast object')] : [plural(count, kind.slice(0, -1))],
  )
  const where = `${formatDuration(afterMs)} into the arm${inEtcd.length === 0 ? '' : `, after ${formatList(inEtcd)}`}`
  const full = [
    ...(sizes === undefined ? [] : [`its file is ${formatBytes(sizes.sizeBytes)}`]),
    ...(sizes?.quotaBytes === undefined ? [] : [`its quota is ${formatBytes(sizes.quotaBytes)}`]),
  ]
  const what = isLate
    ? [messageOf(error), 'etcd is out of space or nearly so (NOSPACE)', ...full].join('; ')
    : `etcd ran out of space (NOSPACE) ${[where, ...full].join('; ')} (${messageOf(error)})`
  const enough = enoughBytes === undefined ? 'more' : `about ${inMebibytes(enoughBytes)}`
  const knob = `Set etcd.quotaBackendBytes to ${enough} for this plan, or create fewer or smaller objects. Nothing was compacted or defragmented.`
  const next = cluster.disposable
    ? knob
    : `${knob}\n${freeingCommands}\nThen remove what is left of this run:\n  npm run scale-test -- cleanup --clusters FILE --run ${runId}`
  return new Failure(cluster.disposable ? 'inconclusive' : 'infrastructure', what, { cause: error, next })
}

function isFull({ sizeBytes, quotaBytes }: Partial<EtcdFill> = {}): boolean {
  return sizeBytes !== undefined && quotaBytes !== undefined && sizeBytes >= fullRatio * quotaBytes
}

/** As the knob takes it: `256Mi`. */
function inMebibytes(bytes: number): string {
  const mebibytes = Math.max(1, Math.ceil(bytes / 2 ** 20))
  return mebibytes % 1024 === 0 ? `${mebibytes / 1024}Gi` : `${mebibytes}Mi`
}

type Counts = Record<(typeof created)[number] | 'ballast', number>
const created = ['namespaces', 'serviceaccounts', 'configmaps', 'secrets', 'services', 'deployments', 'pods'] as const

interface Found {
  sizes?: EtcdFill | undefined
  /** What the run has created, pods included, which controllers have created for it. */
  counts?: Counts
  enoughBytes?: number | undefined
}

async function lookAt({ cluster, clock, plan, runId }: Situation): Promise<Found> {
  const found: Found = {}
  const look = async (late: AbortSignal) => {
    found.sizes = fullestEtcdOn(await orAborted(late, cluster.scrape({ components: ['etcd', 'kube-apiserver'] })))
    const steps = forecastSteps(plan, stepKinds)
    found.counts = await orAborted(late, countCreated(cluster.api, runId, steps, late))
    const planned = storedObjects(plan, steps)
    const stored = storedSoFar(planned, found.counts, ballastIn(steps))
    if (found.sizes !== undefined) found.enoughBytes = quotaFor({ fileBytes: found.sizes.sizeBytes, stored, planned })
  }
  const reason = () => new Failure('inconclusive', 'the cluster does not answer')
  await withTimeLimit({ clock, limitMs: lookMs, reason }, look).catch(() => {
    // It is the refusal that counts; what is known beside it only helps.
  })
  return found
}

function ballastIn(steps: readonly ForecastStep[]): number {
  return steps.reduce((sum, { objects }) => sum + (objects?.totals.ballast ?? 0), 0)
}

async function countCreated(
  api: KubeApi,
  runId: string,
  steps: readonly ForecastStep[],
  signal: AbortSignal,
): Promise<Counts> {
  const counts: Partial<Counts> = {}
  const workload = ownSelector(runId, 'workload')
  for (const resource of created) counts[resource] = await api.count({ resource, labelSelector: workload }, signal)
  const resource = steps.find(({ objects }) => objects !== null)?.objects?.ballastKind
  const ballast = ownSelector(runId, 'ballast')
  counts.ballast =
    resource === undefined || ballastIn(steps) === 0 ? 0 : await api.count({ resource, labelSelector: ballast }, signal)
  return counts as Counts
}

function storedSoFar(
  planned: StoredObjects,
  { namespaces: _, ballast, ...counts }: Counts,
  ballastPlanned: number,
): StoredObjects {
  const share = ballastPlanned === 0 ? 0 : ballast / ballastPlanned
  return {
    ...planned,
    ...counts,
    ballastBytes: planned.ballastBytes * share,
    ballastEventBytes: planned.ballastEventBytes * share,
  }
}
