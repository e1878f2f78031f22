import type { Clock } from '../../base/clock.ts'
import { Failure } from '../../base/errors.ts'
import { minorOf } from '../../base/kubernetes-version.ts'
import type { Report } from '../../base/progress.ts'
import { applyPlans } from '../../tune/change/apply.ts'
import type { NotShown } from '../../tune/change/cluster-view.ts'
import { noCluster } from '../../tune/change/cluster-view.ts'
import type { TunedHost } from '../../tune/change/host.ts'
import type { HostPlan, ReachedPlaces } from '../../tune/change/plan.ts'
import {
  changesEtcd,
  changesOf,
  described,
  diffOf,
  placesIn,
  planHosts,
  restorablesIn,
} from '../../tune/change/plan.ts'
import { renewing, staggered } from '../../tune/change/renewing.ts'
import { restoreHosts } from '../../tune/change/rollback.ts'
import { differencesIn, readLive } from '../../tune/hosts/differences.ts'
import { readLiveKnob } from '../../tune/hosts/live-knobs.ts'
import type { Places } from '../../tune/hosts/section.ts'
import type { HostSettings } from '../../tune/hosts/wanted.ts'
import { hostSettings, nothingExpected } from '../../tune/hosts/wanted.ts'
import type { Knob, KnobReading } from '../../tuning/knob.ts'
import type { KnobRequest } from '../../tuning/profiles.ts'
import type { ReadableComponent } from '../read-back.ts'
import { readKnobs } from '../read-back.ts'
import type { Cluster, Tuning } from '../target.ts'
import { clusterView } from './cluster-view.ts'
import type { HeldTarget } from './hold.ts'
import type { HostRecords } from './host-access.ts'
import { refusalIn } from './knobs.ts'
import type { ClusterApi } from './reach.ts'
import { serverVersionOf } from './reach.ts'
import { leaseWhileTuningMs, untilReady } from './readiness.ts'

export interface HostTuningOptions {
  places: ReachedPlaces
  /** Names the folder on the hosts, and tells it from those of other arms. */
  run: string
  arm: string
  requests: readonly KnobRequest[]
  /** A killed session has begun to change the hosts: there is something to restore before anything was applied. */
  wasTuned: boolean
  healthMs: number
  deadManMs: number
  /** Opened when there is something to record. */
  openRecords(): HostRecords
  held: Pick<HeldTarget, 'lease' | 'target'>
  clock: Clock
  /** What the target is once the arm's settings are in force. */
  becomes(retunedMs: number, signal: AbortSignal): Promise<Cluster>
}

/** A component's restart, and that it is seen to be well; there are five components at most. */
const componentMs = 60_000
/** What waits for the API server when all is done. */
const aroundMs = 180_000
/** Of a DaemonSet: as many nodes as there are, one after the other. One that stands still ends sooner. */
const rolloutMs = 4 * 3_600_000
const restoredMs = 120_000

/**
 * Changes the settings of a target's hosts over ssh, and restores them. As long as the settings hold, timers on the hosts are renewed: when
 * the orchestrator is gone, each host restores by itself.
 */
export function hostTuning(options: HostTuningOptions): Tuning {
  const { places, run, arm, requests, held, clock, healthMs, deadManMs } = options
  const { lease, target } = held
  const names = placesIn(places)
    .map(({ name }) => name)
    .join(', ')
  const perHostMs = 5 * (componentMs + healthMs)
  const budgetMs = places.hosts.length * perHostMs + (places.kubeProxy === undefined ? 0 : rolloutMs) + aroundMs
  let hasBegun = options.wasTuned
  let records: HostRecords | undefined
  let before: ArgumentsBefore = []
  let stopRenewing = async () => {}

  const restoredAll = async (report: Report) => {
    records ??= options.openRecords()
    const { record } = records
    await lease.lastFor(leaseWhileTuningMs)
    const viewed = await viewedBefore(before, target)
    const peers = restorablesIn(places)
    const onProgress = (text: string) => report({ text })
    const outcome = await restoreHosts(peers, { run, record, healthMs, deadManMs, clock, peers, onProgress })
    records.close()
    return { viewed, outcome }
  }

  return {
    plan: `${names}: the settings of ${arm}`,
    apply: {
      budgetMs,
      async run(signal, report) {
        const startedMs = clock.nowMs()
        const until = AbortSignal.any([signal, lease.lost])
        const plans = await planHosts(places, await settingsOf(target.api, requests, described(places)))
        before = await argumentsOf(plans)
        records = options.openRecords()
        records.keepDiff(plans.map(diffOf).join(''))
        await lease.lastFor(leaseWhileTuningMs)
        hasBegun = true
        const { record } = records
        const onProgress = (text: string) => report({ text })
        const of = { run, profile: arm, plans, cluster: clusterView(target), staysArmed: true }
        await applyPlans({ ...of, record, healthMs, deadManMs, clock, signal: until, onProgress })
        const changing = plans.filter((plan) => changesOf(plan).length > 0)
        const renewal = renewing(staggered(changing, changesEtcd, deadManMs), run, deadManMs, clock)
        stopRenewing = renewal.stop
        report({ text: 'waiting for the apiserver' })
        await untilReady(target.api, clock, until)
        await lease.lastFor()
        const cluster = await options.becomes(clock.nowMs() - startedMs, until)
        return {
          ...cluster,
          broken: AbortSignal.any([cluster.broken, renewal.lost]),
          effectiveKnobs: async (asked) => withLive(await cluster.effectiveKnobs(asked), asked, places),
        }
      },
    },
    restore: {
      budgetMs,
      async run(signal, report) {
        if (!hasBegun) return stopRenewing()
        const until = AbortSignal.any([signal, lease.lost])
        const { viewed, outcome } = await restoredAll(report).finally(stopRenewing)
        const left = [...outcome.left, ...[...outcome.rebooted].map(([on, kept]) => keptSince(on, kept))]
        if (left.length > 0) throw new Failure('residue', `settings were not restored: ${left.join('; ')}`)
        report({ text: 'waiting for the apiserver' })
        await untilAsBefore(viewed, outcome.restored, clock, until)
        await untilReady(target.api, clock, until)
        await lease.lastFor()
      },
    },
  }
}

/** What hosts are set to: nothing that the version of their apiserver, which it tells, does not know. Throws `ApiError`. */
export async function settingsOf(
  api: ClusterApi,
  requests: readonly KnobRequest[],
  places: Places,
): Promise<HostSettings & { kubernetes: string }> {
  const kubernetes = minorOf(await serverVersionOf(api))
  const refused = requests.flatMap(({ knob }) => {
    const because = refusalIn(knob, kubernetes)
    return because === undefined ? [] : [{ id: knob.id, because }]
  })
  const known = requests.filter(({ knob }) => refused.every(({ id }) => id !== knob.id))
  const settings = hostSettings(known, places)
  return { ...settings, leftOut: [...refused, ...settings.leftOut], kubernetes }
}

/** What each component's processes were started with before it was changed. */
type ArgumentsBefore = { on: TunedHost; wanted: HostPlan['wanted'][number]; args: string }[]

async function argumentsOf(plans: readonly HostPlan[]): Promise<ArgumentsBefore> {
  const found: ArgumentsBefore = []
  for (const { on, wanted } of plans)
    for (const one of wanted)
      if (one.component !== 'kernel' && one.changes.length > 0)
        found.push({ on, wanted: one, args: argumentsIn(await readLive(on, one)) })
  return found
}

function argumentsIn({ processes }: { processes: readonly { args: readonly string[] }[] }): string {
  return processes.map(({ args }) => args.join('\0')).join('\n')
}

/** With what the cluster shows of each, now; nothing of a cluster that does not answer: its hosts are to be restored all the same. */
async function viewedBefore(
  before: ArgumentsBefore,
  target: HeldTarget['target'],
): Promise<(ArgumentsBefore[number] & { notShown: NotShown })[]> {
  const view = await target.api.readText('/readyz', { attempts: 1 }).then(
    () => clusterView(target),
    () => noCluster,
  )
  const shown = before.map(async (one) => {
    // Its settings of before are nobody's request.
    const wanted = { ...one.wanted, expected: nothingExpected }
    const notShown = await view.before(one.on, wanted).catch(() => noCluster.before(one.on, wanted))
    return { ...one, notShown }
  })
  return Promise.all(shown)
}

function keptSince({ name }: TunedHost, kept: readonly string[]): string {
  return `${name} was rebooted, and still has what it started with from ${kept.join(', ')}: files are restored, so reboot it again`
}

/** A kubelet starts a restored static pod some time later. */
async function untilAsBefore(
  before: (ArgumentsBefore[number] & { notShown: NotShown })[],
  restored: ReadonlySet<TunedHost>,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const untilMs = clock.nowMs() + restoredMs
  for (const { on, wanted, args, notShown } of before) {
    for (;;) {
      const live = await readLive(on, wanted)
      const ill = differencesIn(live, { ...wanted, expected: nothingExpected })
      // Of a host that its timer has restored long ago, nothing new is to be heard.
      const missing = ill.length === 0 && restored.has(on) ? await notShown() : undefined
      if (missing !== undefined) ill.push(missing)
      if (ill.length === 0 && argumentsIn(live) === args) break
      const is = ill.length === 0 ? 'it does not run with its former arguments' : ill.join('; ')
      if (clock.nowMs() > untilMs)
        throw new Failure('residue', `${on.name}: ${wanted.component} after its settings were restored: ${is}`)
      await clock.sleep(500, signal)
    }
  }
}

/** Its metricsBindAddress, unless it has another. */
const proxyUrl = 'http://127.0.0.1:10249'

/** What no page tells, hosts show. */
async function withLive(
  readings: readonly KnobReading[],
  asked: readonly Knob[],
  { hosts }: ReachedPlaces,
): Promise<KnobReading[]> {
  const unread = asked.filter((_, index) => readings[index]?.effective === null)
  const components = [...new Set(unread.map(({ component }) => component))]
    .filter((component) => component !== 'kube-proxy')
    .flatMap((component) =>
      hosts.map(
        ({ host, on }): ReadableComponent => ({
          component,
          name: `${component} on ${on.name}`,
          readPage: async () => '',
          readProcess: (knob) => readLiveKnob(host, on, knob),
        }),
      ),
    )
  if (unread.some(({ component }) => component === 'kube-proxy')) components.push(...(await kubeProxiesOn(hosts)))
  const asLive = unread.map(
    (knob): Knob => (knob.component === 'kube-proxy' ? knob : { ...knob, readBack: { from: 'process arguments' } }),
  )
  const live = new Map((await readKnobs(asLive, components)).map((reading) => [reading.id, reading]))
  return readings.map((reading) => {
    const found = live.get(reading.id)
    return found === undefined || found.effective === null ? reading : found
  })
}

/** kube-proxy serves its settings on the loopback of its node only; not every host runs one. */
async function kubeProxiesOn(hosts: ReachedPlaces['hosts']): Promise<ReadableComponent[]> {
  const pages = hosts.map(async ({ on }) => {
    const configz = await on.page(`${proxyUrl}/configz`).catch(() => undefined)
    if (configz === undefined) return []
    return [{ component: 'kube-proxy', name: `kube-proxy on ${on.name}`, readPage: async () => configz }]
  })
  return (await Promise.all(pages)).flat()
}
