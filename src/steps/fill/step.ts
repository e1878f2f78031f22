import { orAborted, withTimeLimit } from '../../base/abort.ts'
import type { Clock } from '../../base/clock.ts'
import { plural } from '../../base/count.ts'
import { formatDuration } from '../../base/duration.ts'
import { Failure } from '../../base/errors.ts'
import { deleteNamespaces } from '../../kube/drain.ts'
import { follow } from '../../kube/follow.ts'
import type { ResourceTypes } from '../../kube/resources.ts'
import { distributionOf } from '../../measure/distribution.ts'
import { explainFill } from '../../measure/fill-bound.ts'
import type { PlannedWorkload } from '../../plan/workload.ts'
import { layOutWorkload, totalsOf } from '../../workload/layout.ts'
import type { Pace, Sent } from '../../workload/pace.ts'
import { sendPaced } from '../../workload/pace.ts'
import type { Kind } from '../../workload/stamp.ts'
import { kinds, objectsOf, ownSelector, resourceOf, roleOf, stamped } from '../../workload/stamp.ts'
import type { BallastResource, WorkloadResource } from '../../workload/workload.ts'
import { unlessDenied } from '../denials.ts'
import type { Step, StepContext } from '../step.ts'
import type { ObserveOptions } from './observation.ts'
import { observeFill } from './observation.ts'
import type { FillOutcome, FillStage } from './outcome.ts'
import { lacksOf } from './outcome.ts'
import { countLosses, createOwn } from './own-objects.ts'

export interface FillOptions extends ObserveOptions {
  workload: PlannedWorkload
  seed: number
  nodes: number
  /** Taints of the fleet, which the pods tolerate: `key=value:Effect`. */
  tolerated?: readonly string[]
}

export const fillStepId = 'fill'

/** What the step is called. */
export function fillTitle({ namespaces, pods }: PlannedWorkload): string {
  return pods.total === 0
    ? `Fill: ${plural(namespaces, 'namespace')}, no pods`
    : `Fill: ${plural(pods.total, 'pod')} in ${plural(namespaces, 'namespace')}`
}

/** What a cluster gets to delete everything again; a node with a hundred pods and 5 calls a second takes a minute for them. */
const removalMs = 600_000
const removalMsPerPod = 60

/** Beyond the plan's own limit: for the last answers and for counting. */
const countingMs = 120_000

/**
 * Creates the workload, waits until all its pods are Ready and counts everything. What is not there at the plan's
 * timeout is missing in the outcome: a result, not an error. Throws `ApiError` when the server refuses an object,
 * `Failure('safety-refusal')` when a name is taken by somebody else.
 */
export function fillCluster(options: FillOptions): Step<FillOutcome> {
  const { cluster, workload, seed, nodes, runId, tolerated } = options
  const { api, clock } = cluster
  const fill = async (context: StepContext): Promise<FillOutcome> => {
    const created: string[] = []
    const layout = layOutWorkload(workload, seed)
    const totals = totalsOf(layout)
    const stages: FillStage[] = []
    const failed: Partial<Record<Kind, number>> = {}
    const planned = kinds.filter((kind) => totals[kind] > 0)

    const create = async (kind: Kind, { signal, report }: StepContext) => {
      const resource = resourceOf(kind, workload)
      const objects = objectsOf(layout, kind)
      const losses = countLosses()
      const send = async (object: ResourceTypes[WorkloadResource | BallastResource]) => {
        try {
          const { metadata } = await createOwn(api, resource, stamped(object, runId, roleOf(kind), tolerated))
          if (kind === 'namespaces') created.push(metadata.name ?? '')
          losses.noteSuccess()
          return true
        } catch (error) {
          losses.note(error)
          return false
        }
      }
      const sending = {
        total: totals[kind],
        pace: paceOf(workload),
        clock,
        signal,
        report,
        send,
        ...limitOf(kind, workload),
      }
      try {
        await createAll(kind, objects, { ...sending, onStage: (stage) => stages.push(stage) })
      } finally {
        failed[kind] = losses.failed()
      }
    }

    const observation = await observeFill(options, fillStepId, totals.pods, context.signal)
    try {
      await untilLate(clock, workload.timeout, context, async (inTime) => {
        for (const kind of planned) {
          await create(kind, inTime)
          if (kind !== 'namespaces') continue
          const [first] = created
          if (first !== undefined) observation.sampleWatchLag(first)
          await defaultAccounts(options, created.length, inTime)
        }
        const deployments = { labelSelector: ownSelector(runId, 'workload') }
        const waiting = { api, clock, deployments, progress: observation.progress }
        await unlessDenied(waiting, observation.allReady(inTime))
      })
      const observed = await observation.finish(workload.pods.serviceAccountToken ? Math.ceil(totals.pods / nodes) : 0)
      const filledMs = clock.nowMs()
      const objects: FillOutcome['objects'] = {}
      for (const kind of [...planned, 'pods'] as const) {
        const query = { resource: resourceOf(kind, workload), labelSelector: ownSelector(runId, roleOf(kind)) }
        const found = await api.count(query, context.signal)
        objects[kind] = { expected: totals[kind], observed: found, failed: kind === 'pods' ? 0 : (failed[kind] ?? 0) }
      }
      const filled = { ...observed, countedMs: clock.nowMs() - filledMs, objects, stages }
      return lacksOf(filled).length > 0 || totals.pods === 0
        ? filled
        : { ...filled, explanation: explainFill(filled, observed.limiters) }
    } finally {
      await observation.stop()
    }
  }
  let filling: Promise<FillOutcome> | undefined
  return {
    id: fillStepId,
    title: fillTitle(workload),
    timeoutMs: workload.timeout + countingMs,
    setUp(context) {
      filling = fill(context)
      return filling
    },
    summary: ({ pods, objects, durationMs }) => {
      const others = Object.entries(objects).filter(([kind]) => kind !== 'pods')
      const count = others.reduce((sum, [, { observed }]) => sum + observed, 0)
      return `${plural(pods.ready, 'pod')} Ready, ${plural(count, 'other object')} in ${formatDuration(durationMs)}`
    },
    tearDown: {
      budgetMs: removalMs + workload.pods.total * removalMsPerPod,
      async run({ signal, report }) {
        if (cluster.disposable || filling === undefined) return
        // What is still under way could come to be after the look at what there is.
        await orAborted(signal, Promise.allSettled([filling]))
        await deleteNamespaces(cluster, { labelSelector: ownSelector(runId, 'workload') }, signal, report)
      },
    },
  }
}

function paceOf({ pace }: PlannedWorkload): Pace {
  return pace.rate === undefined ? { concurrency: pace.concurrency ?? 1 } : { ratePerSecond: pace.rate }
}

/** Ballast is heavy: what is under way of it is kept to 32 MiB. */
function limitOf(kind: Kind, { ballast }: PlannedWorkload): { mostUnderWay?: number } {
  if (kind !== 'ballast' || ballast === undefined) return {}
  return { mostUnderWay: Math.max(1, Math.floor((32 * 2 ** 20) / ballast.objectSize)) }
}

interface CreateOptions<T> extends StepContext {
  mostUnderWay?: number
  total: number
  pace: Pace
  clock: Clock
  send: (object: T) => Promise<boolean>
  /** Takes what there is to tell, also when not all of them were sent. */
  onStage: (stage: FillStage) => void
}

/** Sends all objects of a kind and tells how that went. */
async function createAll<T>(
  kind: Kind,
  objects: Iterable<T>,
  { total, pace, clock, signal, report, send, onStage, ...limit }: CreateOptions<T>,
): Promise<void> {
  const startMs = clock.nowMs()
  const latenciesMs: number[] = []
  const latenessMs: number[] = []
  const onSent = ({ intendedMs, sentMs, answeredMs }: Sent) => {
    latenciesMs.push(answeredMs - intendedMs)
    latenessMs.push(sentMs - intendedMs)
    report({ done: latenciesMs.length, total, unit: kind })
  }
  try {
    await sendPaced(objects, pace, send, { clock, signal, onSent, ...limit })
  } finally {
    onStage({
      name: kind,
      objects: latenciesMs.length,
      durationMs: clock.nowMs() - startMs,
      intendedPerSecond: 'ratePerSecond' in pace ? pace.ratePerSecond : null,
      latencyMs: distributionOf(latenciesMs),
      latenessMs: distributionOf(latenessMs),
    })
  }
}

/** Waits for the `default` service account of every namespace: no pod is admitted before it is there. */
async function defaultAccounts(
  { cluster, runId }: FillOptions,
  namespaces: number,
  { signal, report }: StepContext,
): Promise<void> {
  const { api, clock } = cluster
  const own = new Set<string>()
  for await (const page of api.list({ resource: 'namespaces', labelSelector: ownSelector(runId, 'workload') }, signal))
    for (const { metadata } of page.items) own.add(metadata.name ?? '')
  const there = new Set<string>()
  const query = { resource: 'serviceaccounts', fieldSelector: 'metadata.name=default' } as const
  for await (const event of follow(api, query, { clock, signal })) {
    if (event.type === 'SYNCED' || event.type === 'DELETED') continue
    const { namespace = '' } = event.object.metadata
    if (own.has(namespace)) there.add(namespace)
    report({ done: there.size, total: namespaces, unit: 'default service accounts' })
    if (there.size >= namespaces) break
  }
  signal.throwIfAborted()
}

/** Runs `work` until it is done or the time is up; being late is no error here. */
async function untilLate(
  clock: Clock,
  timeoutMs: number,
  { signal, report }: StepContext,
  work: (context: StepContext) => Promise<void>,
): Promise<void> {
  const reason = () => new Failure('inconclusive', 'the fill ran out of time')
  await withTimeLimit({ clock, limitMs: timeoutMs, reason }, async (late) => {
    try {
      await work({ signal: AbortSignal.any([signal, late]), report })
    } catch (error) {
      if (error !== late.reason || !late.aborted) throw error
    }
  })
}
