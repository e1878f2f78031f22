import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { systemClock } from '../base/clock.ts'
import { exitCodes, Failure } from '../base/errors.ts'
import { cutFile, kindOf, listFolder, writtenAtMs } from '../base/files.ts'
import type { PlannedClusters } from '../plan/plan.ts'
import { openJournal, readJournal } from '../run/journal.ts'
import { clusterView } from '../targets/remote/cluster-view.ts'
import { placesOf } from '../targets/remote/host-access.ts'
import { requireKnown } from '../targets/remote/index.ts'
import { requireIdentity } from '../targets/remote/preflight/identity.ts'
import type { PlannedTarget, Reach } from '../targets/remote/reach.ts'
import { unreachable } from '../targets/remote/reach.ts'
import { untilReady } from '../targets/remote/readiness.ts'
import { settingsOf } from '../targets/remote/tuned-hosts.ts'
import { applyPlans } from '../tune/change/apply.ts'
import { noCluster } from '../tune/change/cluster-view.ts'
import { tunedHost } from '../tune/change/host.ts'
import type { TuneRecord } from '../tune/change/journal.ts'
import { touchedHosts, tuneRecordOf } from '../tune/change/journal.ts'
import { proxyName, tunedKubeProxy } from '../tune/change/kube-proxy.ts'
import type { HostPlan, ReachedHost, ReachedPlaces } from '../tune/change/plan.ts'
import { changesOf, described, diffOf, lookedAt, planHosts } from '../tune/change/plan.ts'
import type { Restorable } from '../tune/change/quorum.ts'
import { remarksOn } from '../tune/change/remarks.ts'
import { restoreHosts } from '../tune/change/rollback.ts'
import { differencesOf } from '../tune/hosts/differences.ts'
import type { Discovered } from '../tune/hosts/discover.ts'
import { discoverHost, hostsSection } from '../tune/hosts/discover.ts'
import type { Host } from '../tune/hosts/section.ts'
import type { HostSettings } from '../tune/hosts/wanted.ts'
import { hostSettings, unknownKubeProxy } from '../tune/hosts/wanted.ts'
import type { Remote } from '../tune/ssh.ts'
import type { KnobRequest } from '../tuning/profiles.ts'
import { connectHosts } from './host-access.ts'
import { loadClusters } from './plans.ts'
import { requestsIn } from './profile-files.ts'
import type { Surroundings } from './surroundings.ts'
import { refuseUseless } from './useless-options.ts'
import { withClusters } from './with-clusters.ts'

/** What the commands that work on hosts are given. */
export interface TuneHostsOptions {
  clusters: string
  profile: string
  /** Context of the target whose hosts are meant, where the file has several. */
  context?: string
  /** Whether the cluster's API is asked: for its version, its Nodes and its mirror pods. */
  api: boolean
  allowInsecure?: string[]
}

export interface TuneApplyOptions extends TuneHostsOptions {
  yes?: boolean
  /** In seconds. */
  healthBudget: number
  deadMan: number
}

export interface TuneRollbackOptions extends Pick<TuneHostsOptions, 'clusters' | 'context' | 'allowInsecure'> {
  /** In seconds. */
  healthBudget: number
}

export interface DiscoverOptions {
  ssh: string[]
  sudo?: boolean
  sshConfig?: string
}

/** Prints the `hosts` section of `clusters.yaml` for hosts that are only read; returns the exit status. */
export function tuneDiscoverCommand(options: DiscoverOptions, surroundings: Surroundings): Promise<number> {
  const hosts = options.ssh.map((ssh) => ({ ssh, sudo: options.sudo === true }))
  return withRemotes(hosts, options.sshConfig, surroundings, async (remotes) => {
    const found: Discovered[] = []
    for (const { host, remote } of remotes) found.push(await discoverHost(remote, host))
    surroundings.terminal.print(hostsSection(found).trimEnd())
    return exitCodes.pass
  })
}

/** Prints what would change on hosts, as a unified diff; returns the exit status. */
export function tunePlanCommand(options: TuneHostsOptions, surroundings: Surroundings): Promise<number> {
  return withPlaces(options, surroundings, async (places, settings) => {
    printPlans(await planHosts(places, settings), settings, surroundings)
    await printRemarks(places, settings, options, surroundings)
    return exitCodes.pass
  })
}

/** Changes hosts to a profile; returns the exit status. */
export function tuneApplyCommand(options: TuneApplyOptions, surroundings: Surroundings): Promise<number> {
  const { terminal, interruption, folders } = surroundings
  return withPlaces(options, surroundings, async (places, settings, reach) => {
    if (reach !== undefined) await requireIdentity([reach])
    const cluster = reach === undefined ? noCluster : clusterView(reach)
    const plans = await planHosts(places, settings)
    printPlans(plans, settings, surroundings)
    await printRemarks(places, settings, options, surroundings)
    if (plans.every((plan) => changesOf(plan).length === 0)) return exitCodes.pass
    if (options.yes !== true) await requireYes(surroundings)
    const run = `tune-${randomBytes(4).toString('hex')}`
    const journal = openJournal(journalOf(folders.reports, run), Date.now)
    const undoing = rollbackOf(run, options)
    interruption.hint = undoing
    terminal.print(`run ${run}`)
    try {
      await applyPlans({
        run,
        profile: options.profile,
        plans,
        cluster,
        record(record) {
          journal.append(record)
          journal.sync()
        },
        healthMs: options.healthBudget * 1000,
        deadManMs: options.deadMan * 1000,
        clock: systemClock,
        signal: interruption.signal,
        onProgress: terminal.print,
      })
    } finally {
      journal.close()
    }
    terminal.print(`applied; undo it with: ${undoing}`)
    return exitCodes.pass
  })
}

/** With all that it takes to name the same target. */
function rollbackOf(run: string, { clusters, context, allowInsecure = [] }: TuneHostsOptions): string {
  const options = [
    `--clusters ${clusters}`,
    ...(context === undefined ? [] : [`--context ${context}`]),
    ...allowInsecure.map((one) => `--allow-insecure ${one}`),
  ]
  return `npm run scale-test -- tune rollback ${run} ${options.join(' ')}`
}

/** Compares what runs on hosts with a profile; returns 1 where something differs. */
export function tuneVerifyCommand(options: TuneHostsOptions, surroundings: Surroundings): Promise<number> {
  const { print } = surroundings.terminal
  return withPlaces(options, surroundings, async (places, settings, reach) => {
    const cluster = reach === undefined ? noCluster : clusterView(reach)
    let count = 0
    for await (const { on, wanted: all } of lookedAt(places, settings))
      for (const wanted of all) {
        const differences = [...(await differencesOf(on, wanted)), ...(await cluster.differences(on, wanted))]
        const pending = wanted.changes.map(({ path }) => `${path} does not have the settings`)
        const { flags, priority, sysctls } = wanted.expected
        const isRead =
          (wanted.component === 'kubelet' && reach !== undefined) ||
          [flags, priority, sysctls].some((part) => Object.keys(part).length > 0)
        const differing = [...differences, ...pending]
        count += differing.length
        const state = isRead ? 'as the profile says' : 'well; its file is right, its live values are not read'
        print(`${on.name} ${wanted.component}: ${differing.length === 0 ? state : differing.join('; ')}`)
      }
    printLeftOut(settings, surroundings)
    return count === 0 ? exitCodes.pass : exitCodes.thresholdMissed
  })
}

/** Restores what `tune apply` changed, the newest run when none is named; returns the exit status. */
export function tuneRollbackCommand(
  run: string | undefined,
  options: TuneRollbackOptions,
  surroundings: Surroundings,
): Promise<number> {
  const { terminal, folders } = surroundings
  const id = run ?? newestRun(folders.reports)
  const file = journalOf(folders.reports, id)
  if (kindOf(file) === undefined)
    throw new Failure('bad-input', `there is no tuning run ${id}`, { next: `Its journal would be ${file}` })
  const { records, wholeBytes } = readJournal(file)
  const known = records.flatMap((record) => tuneRecordOf(record) ?? [])
  const touched = touchedHosts(known)
  const target = plannedTarget(loadClusters(options.clusters), options.context)
  const { hosts = [], kubeProxy, sshConfig } = target
  const section = kubeProxy !== undefined && touched.includes(proxyName(kubeProxy)) ? kubeProxy : undefined
  const gone = touched.filter(
    (name) => hosts.every(({ ssh }) => ssh !== name) && (section === undefined || name !== proxyName(section)),
  )
  if (gone.length > 0)
    throw new Failure('bad-input', `target ${target.context} does not have ${gone.join(', ')}, which ${id} changed`, {
      next: `Name the target that it changed with --context, or add to ${options.clusters} again what was removed`,
    })
  const chosen = touched.flatMap((name) => hosts.find(({ ssh }) => ssh === name) ?? [])
  const others = hosts.filter((host) => host.components.etcd !== undefined && !chosen.includes(host))
  const healthMs = options.healthBudget * 1000
  cutFile(file, wholeBytes)
  return withRemotes([...chosen, ...others], sshConfig, surroundings, async (remotes) => {
    const peers = remotes.map(({ host, remote }) => ({ on: tunedHost(remote), etcd: host.components.etcd }))
    const journal = openJournal(file, Date.now, records.length)
    const left: string[] = []
    const restore = async (places: readonly Restorable[]) => {
      const restored = await restoreHosts(places, {
        run: id,
        record(record) {
          journal.append(record)
          journal.sync()
        },
        healthMs,
        deadManMs: usualDeadMan * 1000,
        clock: systemClock,
        peers,
        onProgress: terminal.print,
      })
      left.push(...restored.left)
      return restored
    }
    try {
      await restore(peers.slice(0, chosen.length))
      // Last: the API server may be among what the hosts restore.
      if (section !== undefined)
        await withTarget(target, options.allowInsecure ?? [], surroundings, async (cluster) => {
          const { api } = cluster
          await untilReady(api, systemClock, surroundings.interruption.signal)
          await requireIdentity([cluster])
          const on = tunedKubeProxy({ api, section, clock: systemClock, healthMs })
          const { untouched } = await restore([{ on, etcd: undefined }])
          // Names of hosts tell clusters apart; those of their ConfigMaps do not.
          if (untouched.has(on) && isLeftChanged(known, on.name))
            left.push(`${on.name}: target ${target.context} has no note of ${id}: is it the target that ${id} changed?`)
          return exitCodes.pass
        }).catch((error: unknown) => {
          // What is left of hosts is to be told all the same.
          if (!(error instanceof Failure) || error.kind === 'interrupted') throw error
          left.push(error.next === undefined ? error.message : `${error.message}. ${error.next}`)
        })
    } finally {
      journal.close()
    }
    if (touched.length === 0) terminal.print('nothing to restore: no host was changed')
    for (const line of left) terminal.printError(`not restored: ${line}`)
    return left.length === 0 ? exitCodes.pass : exitCodes.residue
  })
}

/** Whether a place was changed and, by the journal, not restored since. */
function isLeftChanged(records: readonly TuneRecord[], name: string): boolean {
  return records.reduce((isChanged, record) => {
    if (record.type === 'done' && record.host === name) return true
    if (record.type === 'undone' && record.host === name && record.outcomes.length > 0) return false
    return isChanged
  }, false)
}

function journalOf(reports: string, run: string): string {
  if (!/^tune-[0-9a-f]{8}$/.test(run))
    throw new Failure('bad-input', `${run} is not a tuning run, such as tune-1a2b3c4d`)
  return join(reports, 'tuning', run, 'journal.ndjson')
}

function newestRun(reports: string): string {
  const folder = join(reports, 'tuning')
  const runs = kindOf(folder) === 'folder' ? listFolder(folder) : []
  const newest = runs.toSorted((one, other) => writtenAtMs(join(folder, one)) - writtenAtMs(join(folder, other))).at(-1)
  if (newest === undefined) throw new Failure('bad-input', 'there is no tuning run to roll back')
  return newest
}

async function requireYes({ confirm }: Surroundings): Promise<void> {
  if (confirm === undefined)
    throw new Failure('bad-input', 'nobody is there to confirm the changes', { next: 'Add --yes to make them unasked' })
  if (!(await confirm('Make these changes?', { mustSpell: true })))
    throw new Failure('interrupted', 'not confirmed: nothing was changed')
}

function printPlans(plans: readonly HostPlan[], settings: HostSettings, surroundings: Surroundings): void {
  const { print } = surroundings.terminal
  for (const plan of plans) {
    const diff = diffOf(plan)
    print(diff === '' ? `${plan.on.name}: nothing to change` : diff.trimEnd())
  }
  printLeftOut(settings, surroundings)
}

async function printRemarks(
  places: ReachedPlaces,
  { asked, kubernetes }: KnownSettings,
  { profile }: Pick<TuneHostsOptions, 'profile'>,
  { terminal }: Surroundings,
): Promise<void> {
  if (kubernetes === undefined) return
  for (const remark of await remarksOn(places, { asked, profile }, kubernetes)) terminal.print(remark)
}

function printLeftOut({ leftOut }: HostSettings, { terminal }: Surroundings): void {
  for (const { id, because } of leftOut) terminal.print(`not set: ${id}: ${because}`)
}

/** Settings, and the version of the cluster, `1.37`, where its API was asked. */
type KnownSettings = HostSettings & { kubernetes?: string }

/** A target, and where it stands in its file: `remote.targets[1]`. */
type MeantTarget = PlannedTarget & { path: string }

/** The one target that is meant. Throws `Failure('bad-input')` where none is, or nothing of it is to be changed. */
function plannedTarget({ targets }: PlannedClusters, context: string | undefined): MeantTarget {
  const meant = targets.filter((target) => context === undefined || target.context === context)
  const [target] = meant
  if (target === undefined || meant.length > 1)
    throw new Failure(
      'bad-input',
      target === undefined ? `there is no target ${context}` : 'there are several targets',
      {
        next: `Name one with --context: ${targets.map((one) => one.context).join(', ')}`,
      },
    )
  if (target.hosts === undefined && target.kubeProxy === undefined)
    throw new Failure('bad-input', `target ${target.context} has neither hosts nor kubeProxy`, {
      next: 'For hosts, this writes the section: npm run scale-test -- tune discover user@host',
    })
  return { ...target, path: `remote.targets[${targets.indexOf(target)}]` }
}

/** Connects to all places, and works with what a profile means to them; the cluster is undefined where its API is not to be asked. */
function withPlaces(
  options: TuneHostsOptions & { healthBudget?: number },
  surroundings: Surroundings,
  work: (places: ReachedPlaces, settings: KnownSettings, cluster: Reach | undefined) => Promise<number>,
): Promise<number> {
  const { clusters, context, profile, allowInsecure = [], healthBudget = usualHealthBudget } = options
  const target = plannedTarget(loadClusters(clusters), context)
  const { hosts = [], sshConfig } = target
  const { requests } = requestsIn(profile, surroundings.folders.profiles)
  const withHosts = (then: (reached: readonly ReachedHost[]) => Promise<number>) =>
    withRemotes(hosts, sshConfig, surroundings, (remotes) =>
      then(remotes.map(({ host, remote }) => ({ host, on: tunedHost(remote) }))),
    )
  if (!options.api) {
    refuseUseless({ '--allow-insecure': allowInsecure.length > 0 }, 'with --no-api')
    if (hosts.length === 0)
      throw new Failure(
        'bad-input',
        `target ${target.context} has no hosts, and kube-proxy is changed through the API`,
        {
          next: 'Leave out --no-api',
        },
      )
    return withHosts((reached) => {
      const places = { hosts: reached, kubeProxy: undefined }
      const settings = hostSettings(requests, described(places))
      const leftOut = settings.leftOut.map(({ id, because }) =>
        because === unknownKubeProxy && target.kubeProxy !== undefined
          ? { id, because: 'kube-proxy is changed through the API, which --no-api does not ask' }
          : { id, because },
      )
      return work(places, { ...settings, leftOut }, undefined)
    })
  }
  return withTarget(target, allowInsecure, surroundings, (cluster) =>
    withHosts(async (reached) => {
      const places = placesOf(reached, target, {
        api: cluster.api,
        clock: systemClock,
        healthMs: healthBudget * 1000,
      })
      return work(places, await knownSettings(cluster, requests, places), cluster)
    }),
  )
}

/** In seconds, of commands that have no option for it. */
const usualHealthBudget = 120
const usualDeadMan = 300

function withTarget(
  { path, ...target }: MeantTarget,
  allowInsecure: readonly string[],
  surroundings: Surroundings,
  work: (cluster: Reach) => Promise<number>,
): Promise<number> {
  // Not the interruption's signal: after a Ctrl-C, what was changed through the API is restored through it.
  const interruption = { ...surroundings.interruption, signal: new AbortController().signal }
  return withClusters({ targets: [target] }, { allowInsecure }, { ...surroundings, interruption }, async (reached) => {
    requireKnown({ '--allow-insecure': allowInsecure }, reached)
    const [only] = reached
    if (only === undefined) throw new Error('the target that is meant was not reached')
    const cluster = { ...only, path }
    try {
      return await work(cluster)
    } catch (error) {
      throw unreachable(cluster, error)
    }
  })
}

/** What this cluster's version knows of a profile. Throws `Failure('infrastructure')` when its API does not answer. */
async function knownSettings(
  cluster: Reach,
  requests: readonly KnobRequest[],
  places: ReachedPlaces,
): Promise<KnownSettings> {
  try {
    return await settingsOf(cluster.api, requests, described(places))
  } catch (error) {
    const failure = unreachable(cluster, error)
    if (!(failure instanceof Failure)) throw failure
    const next = `${failure.next ?? ''}. If this is why its hosts are to be tuned, do not ask it: --no-api`
    throw new Failure(failure.kind, failure.message, { next, cause: error })
  }
}

async function withRemotes<Described extends Pick<Host, 'ssh' | 'sudo'>>(
  hosts: readonly Described[],
  config: string | undefined,
  { env }: Surroundings,
  work: (remotes: { host: Described; remote: Remote }[]) => Promise<number>,
): Promise<number> {
  const { remotes, close } = connectHosts(hosts, config, env)
  try {
    return await work(remotes)
  } finally {
    await close()
  }
}
