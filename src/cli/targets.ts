import { randomBytes } from 'node:crypto'
import { availableParallelism, homedir, hostname, userInfo } from 'node:os'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { systemClock } from '../base/clock.ts'
import { Failure } from '../base/errors.ts'
import { readJsonFile } from '../base/json-file.ts'
import { printable } from '../base/printable.ts'
import { locateComponents, readModulePins } from '../components/components.ts'
import { simulationBytesOf } from '../fleet/estimate.ts'
import { forecastSteps } from '../fleet/step-forecast.ts'
import { planHash } from '../plan/parse.ts'
import type { Plan } from '../plan/plan.ts'
import { kubernetesOf } from '../plan/plan.ts'
import { kindOf, sectionsOf } from '../plan/section.ts'
import {
  describeThisMachine,
  heapLimitBytes,
  peakMemoryBytes,
  readThisMachine,
  watchOrchestrator,
  watchThisMachine,
} from '../record/this-machine.ts'
import type { Calibration } from '../result/calibration.ts'
import { calibrationSchema } from '../result/calibration.ts'
import type { Comparison, RunContext } from '../run/context.ts'
import { virtualHost } from '../run/host.ts'
import type { GivenEtcds } from '../steps/etcd-benchmark/section.ts'
import { etcdBenchmarkSection } from '../steps/etcd-benchmark/section.ts'
import { plannedWork } from '../steps/planned-work.ts'
import { stepKinds } from '../steps/registry.ts'
import { givenEtcdTarget } from '../targets/given-etcd/index.ts'
import { localComponents } from '../targets/local/binaries.ts'
import type { LocalBenchmark } from '../targets/local/index.ts'
import { localTarget } from '../targets/local/index.ts'
import type { RemoteTargetOptions } from '../targets/remote/index.ts'
import { remoteTarget } from '../targets/remote/index.ts'
import { digestOf } from './digest.ts'
import { hostAccess } from './host-access.ts'
import { sideBySide } from './simulation/side-by-side.ts'
import { simulationOf } from './simulation/target.ts'
import type { Surroundings } from './surroundings.ts'
import type { TargetName } from './target-names.ts'
import { describeVersion, programVersion } from './version.ts'

/** What a run takes from the target it runs on. */
export interface RunOn extends Pick<RunContext, 'runId' | 'target' | 'clock' | 'host' | 'arms'> {
  runFolder: string
  /** What the figures depend on beside the plan: the same for all arms. `calibration` is its digest. */
  origin: { program: string; components: string[]; calibration: string | null }
  /** What was said on the command line and holds for the whole run. */
  options: { calibration?: string; confirm?: string[]; allowInsecure?: string[] }
}

/** What the command line says of the target beside its name. */
export interface TargetChoices {
  /** Of target sim: figures of another machine. */
  calibration?: string | undefined
  /** Of target sim: how many arms are simulated at a time; as many as this machine can when absent. */
  threads?: number | undefined
  /** Of target remote: contexts that were typed, of clusters that look like production. */
  confirm?: readonly string[] | undefined
  /** Of target remote: contexts that were typed, whose server may be somebody else's. */
  allowInsecure?: readonly string[] | undefined
  /** Of a run that tries values of a setting. */
  whatIf?: Comparison | undefined
  /** The run that goes on; a new one when absent. */
  begun?: BegunRun | undefined
}

/** A run that was begun before. */
export interface BegunRun {
  runId: string
  startedAt: string
  runFolder: string
}

/** Chooses the target of a run, with the clock and the machine that belong to it. */
export function runOn(name: TargetName, plan: Plan, surroundings: Surroundings, choices: TargetChoices = {}): RunOn {
  if (name === 'sim') return simulated(plan, surroundings, choices)
  if (plan.faults !== undefined)
    throw new Failure('bad-input', 'faults can be injected only into a simulated cluster', {
      next: "Leave out the plan's `faults`, or run it with --target sim",
    })
  if (name === 'local') return onThisMachine(plan, surroundings, choices)
  const endpoints = sectionsOf(plan, etcdBenchmarkSection).find(
    ({ endpoints: given }) => given !== undefined,
  )?.endpoints
  return endpoints === undefined
    ? elsewhere(plan, surroundings, choices)
    : onGivenEtcds(plan, endpoints, surroundings, choices)
}

/** What benchmarks of etcd need on this machine, and whether they are all that the plan does; undefined where it has none. */
function benchmarkIn(plan: Plan): LocalBenchmark | undefined {
  const [first] = sectionsOf(plan, etcdBenchmarkSection)
  if (first === undefined) return undefined
  const isAlone = plan.steps.every((step) => kindOf(step, stepKinds).needsKubernetes === false)
  return isAlone ? { etcdsAlone: first.members } : {}
}

function onGivenEtcds(
  plan: Plan,
  { mayWrite: _, ...endpoints }: GivenEtcds,
  { folders, env }: Surroundings,
  { begun }: TargetChoices,
): RunOn {
  const { startedAt, runId, runFolder } = identityOf(plan, folders, begun)
  return {
    runId,
    runFolder,
    target: givenEtcdTarget({ componentsSource: folders.components, ...endpoints, env, clock: systemClock }),
    clock: systemClock,
    host: { startedAt, watchMachine: watchOrchestrator, readMachine: null, machine: null, peakMemoryBytes },
    origin: { program: describeVersion(folders.root), components: [], calibration: null },
    options: {},
  }
}

/**
 * A simulated run is a function of its plan, its seed, the calibration and the program: so its id is, too, and running it again gives
 * the same result in the same place. Nothing of this machine, or of today, goes into it.
 */
function simulated(
  plan: Plan,
  { folders }: Surroundings,
  { calibration: file, threads, whatIf, begun }: TargetChoices,
): RunOn {
  const calibration = readCalibration(file ?? join(folders.root, defaultCalibration))
  const target = simulationOf(plan, calibration)
  const { clock, arms } = sideBySide({
    calibration,
    threads: threadsFor(plan, threads),
    heapLimitBytes: heapLimitBytes(),
  })
  const varied = whatIf && [whatIf.record, [...whatIf.plans].map(([arm, its]) => [arm, planHash(its)])]
  const inputs = JSON.stringify([planHash(plan), calibration, programVersion(folders.root), varied])
  const runId = `${plan.name.slice(0, 30)}-simulated-${digestOf(inputs).slice(0, 8)}`
  return {
    runId,
    runFolder: begun?.runFolder ?? join(folders.reports, runId),
    target,
    clock: { ...target.clock, nowMs: clock.nowMs },
    host: virtualHost,
    arms,
    origin: {
      program: describeVersion(folders.root),
      components: [],
      calibration: digestOf(JSON.stringify(calibration)),
    },
    options: file === undefined ? {} : { calibration: resolve(file) },
  }
}

/** An arm takes a core and a heap: no more at a time than this machine has of both. */
function threadsFor(plan: Plan, asked: number | undefined): number {
  if (asked !== undefined) return asked
  const bytes = simulationBytesOf(plan, forecastSteps(plan, stepKinds))
  return Math.max(1, Math.min(availableParallelism(), Math.floor(process.availableMemory() / bytes)))
}

/** A run of today, `single-node-20261125-201507-3fa2`, unless it is one of before. */
function identityOf(plan: Plan, { reports }: Surroundings['folders'], begun: BegunRun | undefined) {
  if (begun !== undefined) return begun
  const startedAt = new Date().toISOString()
  const moment = startedAt.slice(0, 19).replace(/[-:]/g, '').replace('T', '-')
  const runId = `${plan.name.slice(0, 30)}-${moment}-${randomBytes(2).toString('hex')}`
  return { startedAt, runId, runFolder: join(reports, runId) }
}

/** Everything of target remote that comes from the command line and this process. */
export function remoteOptions(
  plan: Plan,
  surroundings: Pick<Surroundings, 'folders' | 'env' | 'terminal' | 'stdinIsTerminal'>,
  { confirm = [], allowInsecure = [], begun }: Pick<TargetChoices, 'confirm' | 'allowInsecure' | 'begun'>,
): RemoteTargetOptions & { startedAt: string } {
  const { folders } = surroundings
  const { startedAt, runId, runFolder } = identityOf(plan, folders, begun)
  return {
    ...readOptions(surroundings),
    plan,
    work: plannedWork(plan, runId, stepKinds),
    holder: { runId, who: `${userName()}@${hostname()}` },
    runFolder,
    startedAt,
    hostAccess: hostAccess(runFolder, surroundings),
    confirmed: confirm,
    allowInsecure,
    kubernetesVersion: (kubernetes) => readModulePins({ sourceFolder: folders.components, kubernetes }).kubernetes,
  }
}

/** What reading kubeconfigs takes from this process. */
export function readOptions({
  env,
  terminal,
  stdinIsTerminal,
}: Pick<Surroundings, 'env' | 'terminal' | 'stdinIsTerminal'>) {
  return {
    env,
    home: homedir(),
    stdinIsTerminal,
    onPluginLine: (line: string) => terminal.printAtOnce(printable(line)),
    clock: systemClock,
    now: () => new Date(),
  }
}

/** Who runs this: in a container, a user often has a number and no name. */
function userName(): string {
  try {
    return userInfo().username
  } catch {
    return `uid-${process.getuid?.()}`
  }
}

function elsewhere(plan: Plan, surroundings: Surroundings, choices: TargetChoices): RunOn {
  const options = remoteOptions(plan, surroundings, choices)
  const { startedAt, runFolder, holder } = options
  return {
    runId: holder.runId,
    runFolder,
    target: remoteTarget(options),
    clock: systemClock,
    host: { startedAt, watchMachine: watchOrchestrator, readMachine: null, machine: null, peakMemoryBytes },
    origin: { program: describeVersion(surroundings.folders.root), components: [], calibration: null },
    options: { confirm: [...options.confirmed], allowInsecure: [...options.allowInsecure] },
  }
}

function onThisMachine(plan: Plan, { folders, env }: Surroundings, { begun }: TargetChoices): RunOn {
  const { startedAt, runId, runFolder } = identityOf(plan, folders, begun)
  const builds = plan.arms.map((arm) => localComponents(folders.components, kubernetesOf(plan, arm)))
  return {
    runId,
    runFolder,
    target: localTarget({
      runId,
      runFolder,
      componentsSource: folders.components,
      env,
      clock: systemClock,
      controlPlane: plan.controlPlane,
      benchmark: benchmarkIn(plan),
    }),
    clock: systemClock,
    host: {
      startedAt,
      watchMachine: watchThisMachine,
      readMachine: readThisMachine,
      machine: describeThisMachine(),
      peakMemoryBytes,
    },
    origin: {
      program: describeVersion(folders.root),
      components: [...new Set(builds.map((wanted) => locateComponents(wanted, env).folder))],
      calibration: null,
    },
    options: {},
  }
}

/** Measured on two cores; `scale-test calibrate` measures another machine. */
export const defaultCalibration = join('src', 'model', 'calibration.json')

/** Reads what `scale-test calibrate` wrote. Throws `Failure('bad-input')` for anything else. */
export function readCalibration(file: string): Calibration {
  return readJsonFile(file, calibrationSchema, {
    what: 'a calibration',
    next: 'Write one with: npm run scale-test -- calibrate',
  })
}
