import { join } from 'node:path'
import type { Clock } from '../../base/clock.ts'
import type { Credentials } from '../../kube/credentials.ts'
import type { RawEndpoint } from '../../kube/http.ts'
import { connectEndpoint } from '../../kube/http.ts'
import type { ComponentMetrics } from '../../measure/metrics.ts'
import type { ScrapedComponent } from '../../record/scrape.ts'
import type { RenderedKnobs } from '../../tuning/render.ts'
import type { Pki } from './pki.ts'
import type { Ports } from './ports.ts'
import { withPriority } from './priority.ts'
import type { RunningProcess, Supervisor } from './processes.ts'
import { removeArmState } from './state-folder.ts'

/** A process of the cluster and how to ask it about itself. */
export interface RunningComponent extends RunningProcess {
  readonly component: ComponentMetrics['component']
  readonly endpoint: RawEndpoint
}

/** What the control plane and the fleet of one cluster are started with. */
export interface StartOptions {
  binaryFolder: string
  stateFolder: string
  pki: Pki
  ports: Ports
  supervisor: Supervisor
  clock: Clock
  /** Ends the start. */
  signal: AbortSignal
  /** Closes connections. */
  closed: AbortSignal
}

/** One process of the control plane, and who may ask it about itself. */
interface ControlPlaneProcess {
  component: Exclude<RunningComponent['component'], 'kubelet'>
  /** What it is called, where there are several of the component. */
  name?: string
  args: readonly string[]
  credentials: Credentials
}

/** What a component gets between SIGTERM and SIGKILL; kube-apiserver takes the longest, a second. */
export const stopGraceMs = 3000

/** Each component's share of the start; a busy machine takes seconds. */
const readyTimeoutMs = 60_000

/** Starts a process of the control plane, with the priorities and the environment that the knobs ask for. */
export async function startComponent(
  { component, name = component, args, credentials }: ControlPlaneProcess,
  { binaryFolder, knobs, supervisor, clock, closed }: StartOptions & { knobs: RenderedKnobs },
): Promise<RunningComponent> {
  const command = [join(binaryFolder, component), ...args]
  const isEtcd = component === 'etcd'
  const [program = '', ...rest] = isEtcd ? withPriority(command, knobs.etcdProcess) : command
  const process = await supervisor.start({
    name,
    program,
    args: rest,
    env: knobs.environment[component],
    stage: isEtcd ? 'storage' : 'control',
  })
  return { ...process, component, endpoint: connectEndpoint({ credentials, clock, signal: closed }) }
}

/**
 * Waits until `path` of the component's endpoint, or of another one, answers. Throws `Failure('infrastructure')` when the component
 * dies or is late, and the signal's reason when it aborts.
 */
export function untilReady(
  component: RunningComponent,
  path: string,
  { supervisor, signal }: Pick<StartOptions, 'supervisor' | 'signal'>,
  { endpoint }: Pick<RunningComponent, 'endpoint'> = component,
): Promise<void> {
  return supervisor.waitUntilReady(component, (ending) => endpoint.readText(path, { signal: ending, attempts: 1 }), {
    timeoutMs: readyTimeoutMs,
    signal,
  })
}

/** A component as its pages are read. */
export function scraped({ component, name, endpoint }: RunningComponent): ScrapedComponent {
  return { component, name, readPage: (path) => endpoint.readText(path) }
}

/** Ends all processes and removes their state. Returns what could not be ended or removed, in sentences. */
export async function takeAway({
  supervisor,
  stateFolder,
  clock,
}: Pick<StartOptions, 'supervisor' | 'stateFolder' | 'clock'>): Promise<string[]> {
  const survivors = (await supervisor.stop(stopGraceMs)).map((name) => `${name} is still running after SIGKILL`)
  return [...survivors, ...(await removeArmState(stateFolder, clock))]
}
