import { dirname, join } from 'node:path'
import type { Clock } from '../../base/clock.ts'
import { Failure, messageOf } from '../../base/errors.ts'
import { makeFolder, removeIfEmpty } from '../../base/files.ts'
import type { Credentials } from '../../kube/credentials.ts'
import { connectKubeApis } from '../../kube/http.ts'
import type { ConnectOptions, RequestRecord } from '../../kube/transport.ts'
import type { PlannedControlPlane } from '../../plan/plan.ts'
import { scrapeEach } from '../../record/scrape.ts'
import type { NeighbourUse } from '../../result/result.ts'
import type { KnobRequest } from '../../tuning/profiles.ts'
import { renderKnobs } from '../../tuning/render.ts'
import type { Cluster } from '../target.ts'
import { createBenches } from './benchmark.ts'
import { adminKubeconfig, startControlPlane } from './control-plane.ts'
import { diskUnder } from './disks.ts'
import type { RunningFleet } from './fleet.ts'
import { startFleet } from './fleet.ts'
import { readKnobs } from './knobs.ts'
import { startNeighbour } from './neighbour.ts'
import type { Ports } from './ports.ts'
import { createSupervisor } from './processes.ts'
import { scraped, stopGraceMs, takeAway } from './running.ts'
import { removeArmState } from './state-folder.ts'
import { killMs } from './until-gone.ts'
import { setUpWalDisk } from './wal-disk.ts'

export interface ClusterOptions {
  binaryFolder: string
  /** Created here, removed with the cluster: certificates, etcd's data, the kubelets' files. */
  stateFolder: string
  /** Created here; stays. */
  logFolder: string
  /** The whole environment of every component. */
  env: Readonly<Record<string, string>>
  knobs: readonly KnobRequest[]
  /** What the control plane is made of; as little as possible when absent. */
  controlPlane?: PlannedControlPlane | undefined
  /** Tells the arm from all others on this machine. */
  name: string
  readVersions(): Promise<Readonly<Record<string, string>>>
  /** Where etcd's benchmark tool is. Throws `Failure('infrastructure')` when it is not built. */
  benchmarkProgram(): string
  ports: Ports
  clock: Clock
  signal: AbortSignal
  /** Dismisses whoever would end all processes of the run with the orchestrator. */
  unguard(): Promise<void>
}

/** Of twenty processes with a thousand kubelets on two cores; a kubelet that is alone takes less. */
const processMs = 2000

/**
 * Three stages of processes that end at last, and the removal of their files, twice: what is left is checked again before it is reported. The more
 * hollow processes end at once, the longer they take.
 */
export function closeBudgetMs(hollowProcesses: number): number {
  return 2 * 3 * (stopGraceMs + killMs) + 60_000 + hollowProcesses * processMs
}

/**
 * Starts a control plane. When that fails, or `signal` aborts, everything it started is gone before this throws:
 * `Failure('infrastructure')` or the signal's reason.
 */
export async function openCluster(options: ClusterOptions): Promise<Cluster> {
  const { binaryFolder, stateFolder, logFolder, env, ports, clock, signal } = options
  const startedMs = clock.nowMs()
  const supervisor = createSupervisor({ logFolder, env, clock })
  const closing = new AbortController()
  const closed = AbortSignal.any([supervisor.broken, closing.signal])

  const attemptToClose = async (): Promise<string[]> => {
    const residue = await takeAway({ supervisor, stateFolder, clock })
    // Another arm's state may still be in it.
    removeIfEmpty(dirname(stateFolder))
    return residue
  }
  const close = async (): Promise<string[]> => {
    closing.abort(new Failure('interrupted', 'the cluster was taken away'))
    const residue = await attemptToClose()
    return residue.length === 0 ? residue : attemptToClose()
  }

  try {
    // What an arm of the same name left, had it not been taken away, would be a second cluster's data in the first.
    await removeArmState(stateFolder, clock)
    makeFolder(stateFolder, 0o700)
    const rendered = renderKnobs(options.knobs)
    // A seventh of a second to load, and other targets do not need it.
    const { createPki } = await import('./pki.ts')
    const pki = await createPki(join(stateFolder, 'pki'), new Date())
    const shared = { binaryFolder, stateFolder, pki, ports, supervisor, clock, closed }
    const { apiservers, etcd } = options.controlPlane ?? simplest
    const { members, roundTrip: roundTripMs, walDisk } = etcd
    const walFolder =
      rendered.hasWalDisk && walDisk !== undefined
        ? await setUpWalDisk({
            walDisk,
            stateFolder,
            name: options.name,
            members: members * (1 + rendered.etcdSplit.length),
            env,
          })
        : undefined
    const [controlPlane, versions] = await Promise.all([
      startControlPlane({
        ...shared,
        knobs: rendered,
        apiservers,
        etcd: { members, roundTripMs, walFolder },
        signal,
      }),
      options.readVersions(),
    ])
    const readyMs = clock.nowMs() - startedMs
    const retries = { count: 0, waitedMs: 0 }
    const listeners = new Set<(record: RequestRecord) => void>()
    const connection = (credentials: Credentials): ConnectOptions => ({
      credentials,
      clock,
      // The fill has up to 128 requests under way; probes, scrapes and watches must not queue behind them.
      connections: 160,
      signal: closed,
      onRequest(record) {
        for (const listener of listeners) listener(record)
      },
      onRetry({ waitMs }) {
        retries.count++
        retries.waitedMs += waitMs
      },
    })
    const [first, ...others] = controlPlane.credentials
    const api = connectKubeApis([connection(first), ...others.map(connection)])
    let readNeighbour: (() => NeighbourUse | undefined) | undefined

    let fleet: RunningFleet | undefined
    const components = () => [...controlPlane.components, ...(fleet === undefined ? [] : [fleet.probe])]
    let disposal: Promise<string[]> | undefined
    const { benchmarkProgram } = options
    const benches = createBenches({
      ...shared,
      logFolder,
      env,
      benchmarkProgram,
      knobs: rendered,
      besideKubernetes: true,
    })

    return {
      disposable: true,
      api,
      clock,
      versions,
      readyMs,
      broken: supervisor.broken,

      async startFleet(spec, fleetSignal) {
        fleet = await startFleet({
          ...shared,
          fleet: spec,
          kubeletConfiguration: rendered.kubeletConfiguration,
          environment: rendered.environment.kubelet,
          servers: controlPlane.credentials.map(({ server }) => server),
          api,
          signal: fleetSignal,
        })
        if (etcd.neighbour !== undefined)
          readNeighbour = await startNeighbour(
            { folder: stateFolder, stdoutFile: join(logFolder, 'neighbour.ndjson') },
            shared,
          )
        const { nodeNames, probe, processes } = fleet
        return { nodeNames, probeNode: probe.name, processes }
      },

      // Its processes end with all others.
      removeFleet: async () => {},

      effectiveKnobs(knobs) {
        return readKnobs(knobs, components())
      },

      scrape: (wanted = {}) => scrapeEach(components().map(scraped), wanted, closed),

      clientRetries: () => ({ ...retries }),
      onRequest(listener) {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
      controlPlane() {
        if (options.controlPlane === undefined) return undefined
        const measured = controlPlane.roundTrip
        const neighbour = readNeighbour?.()
        return {
          apiservers,
          etcd: {
            members,
            ...(measured !== null && {
              roundTrip: {
                ...(roundTripMs !== undefined && { askedMs: roundTripMs }),
                measuredMs: measured.medianMs,
                leastMs: measured.leastMs,
              },
            }),
            dataDisk: diskUnder(stateFolder),
            ...(walFolder !== undefined && { walDisk: diskUnder(walFolder) }),
            ...(neighbour !== undefined && { neighbour }),
          },
        }
      },
      processes: () => [
        ...supervisor.running().map(({ name, pid }) => ({ component: programOf(name), pid })),
        ...benches.processes(),
      ],

      benchmarkEtcds: benches.start,

      async keep() {
        await options.unguard()
        closing.abort(new Failure('interrupted', 'the cluster is kept'))
        const kubeconfig = join(stateFolder, adminKubeconfig)
        return [`kubectl --kubeconfig ${kubeconfig} get nodes,pods --all-namespaces`, `ls ${logFolder}`]
      },

      async [Symbol.asyncDispose]() {
        disposal ??= close()
        const residue = await disposal
        if (residue.length > 0)
          throw new Failure('residue', residue.join('; '), { next: 'Removal is retried when the run ends' })
      },
    }
  } catch (error) {
    const residue = await close()
    if (residue.length > 0) throw new Failure('residue', `${messageOf(error)}; ${residue.join('; ')}`, { cause: error })
    throw error
  }
}

/** `etcd` of `etcd-pods`, `hollow-node` of `hollow-1-to-50`: by which the machine's load is broken down. */
function programOf(name: string): string {
  if (name.startsWith('hollow-')) return 'hollow-node'
  return ['etcd', 'kube-apiserver'].find((program) => name.startsWith(`${program}-`)) ?? name
}

const simplest: PlannedControlPlane = { apiservers: 1, etcd: { members: 1 } }
