import { createHash } from 'node:crypto'
import { parse } from 'yaml'
import { z } from 'zod'
import type { Clock } from '../../base/clock.ts'
import { Failure } from '../../base/errors.ts'
import type { KubeApi } from '../../kube/api.ts'
import { ApiError, isApiStatus } from '../../kube/api.ts'
import { forbiddenAtStartMs, isTransient } from '../../kube/failures.ts'
import type { ConfigMap, DaemonSet, PodContainer } from '../../kube/resources.ts'
import type { KubeProxySection } from '../hosts/section.ts'
import { base64, textOf } from '../hosts/wanted.ts'
import type { Change, Found, Live, TunedHost, Undone } from './host.ts'
import { heldBy } from './host.ts'

/** On the ConfigMap while a run has changed it: everything that restoring takes, whoever does it. */
const noteAnnotation = 'scale-test/tuning'
/** On the pod template: a pod with another value is another pod. */
const roundAnnotation = 'scale-test/tuned'

const containerSchema = z.looseObject({ name: z.string(), image: z.string() })
const noteSchema = z.object({
  run: z.string(),
  /** The file before, and the checksum of what took its place. */
  old: z.string(),
  newSum: z.string(),
  /** Rules of the other mode are removed then, in both directions. */
  changesMode: z.boolean(),
  initContainers: z.array(containerSchema).nullable(),
})
type Note = z.infer<typeof noteSchema>

export interface KubeProxyOptions {
  api: KubeApi
  section: KubeProxySection
  clock: Clock
  /** A rollout in which nothing happens for so long has failed. */
  healthMs: number
}

const pollMs = 1000
/** A kube-proxy that cannot run with its settings counts as available until it ends, within a second or two. */
const steadyMs = 10_000
const cleanupName = 'scale-test-cleanup'

/**
 * The kube-proxy of a cluster, as a place where settings are: its file is in a ConfigMap, and a rollout of its DaemonSet restarts it. When its
 * mode changes, `kube-proxy --cleanup` runs once on each node, before the new one starts. There is no dead-man timer: what restoring takes is
 * noted on the ConfigMap, and the next `resume`, `cleanup` or rollback uses it.
 */
export function tunedKubeProxy({ api, section, clock, healthMs }: KubeProxyOptions): TunedHost {
  const { namespace, configMap, daemonSet, key } = section
  const name = proxyName(section)
  const mapRef = { resource: 'configmaps', namespace, name: configMap } as const
  const setRef = { resource: 'daemonsets', namespace, name: daemonSet } as const

  const asked = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      throw error instanceof ApiError ? failureOf(error, name) : error
    }
  }
  /** What was begun goes on once the API server is back: its own settings may be among those that change. */
  const patiently = async <T>(work: () => Promise<T>): Promise<T> => {
    let [sinceMs, status] = [clock.nowMs(), 0]
    for (;;) {
      try {
        return await work()
      } catch (error) {
        if (!(error instanceof ApiError)) throw error
        if (error.status === 403 && status !== 403) sinceMs = clock.nowMs()
        status = error.status
        const limitMs = status === 403 ? forbiddenAtStartMs : isTransient(error) ? healthMs : 0
        if (clock.nowMs() - sinceMs >= limitMs) throw failureOf(error, name)
      }
      await clock.sleep(pollMs)
    }
  }
  const map = () => patiently(() => api.get(mapRef))
  const set = () => patiently(() => api.get(setRef))
  const patchMap = (body: object) => patiently(() => api.patch(mapRef, { type: 'merge', body }))
  const patchSet = (body: object) => patiently(() => api.patch(setRef, { type: 'merge', body }))
  const fileOf = ({ data }: ConfigMap): Found => {
    const text = data?.[key]
    return { path: key, content: text === undefined ? null : base64(text), sum: sumOf(text) }
  }

  /** Lets every node have pods of this template, and waits until all of them have run for a while. */
  async function rollOut(
    round: string | null,
    initContainers: readonly PodContainer[] | null,
    signal?: AbortSignal,
  ): Promise<void> {
    await patchSet({
      spec: { template: { metadata: { annotations: { [roundAnnotation]: round } }, spec: { initContainers } } },
    })
    await untilRolledOut(signal)
  }

  async function untilRolledOut(signal?: AbortSignal): Promise<void> {
    let [sinceMs, seen] = [clock.nowMs(), '']
    for (;;) {
      const state = rolloutOf(await set())
      if (state !== seen) [sinceMs, seen] = [clock.nowMs(), state]
      const forMs = clock.nowMs() - sinceMs
      if (state === complete && forMs >= steadyMs) return
      if (state !== complete && forMs >= healthMs)
        throw new Failure('infrastructure', `${name}: its DaemonSet has not rolled out: ${state}`)
      await clock.sleep(pollMs, signal)
    }
  }

  /** Only as it was read: what somebody writes in between is theirs. */
  async function putBack(found: ConfigMap, note: Note): Promise<Undone> {
    const { sum } = fileOf(found)
    const { resourceVersion } = found.metadata
    if (sum === sumOf(note.old)) return { outcome: 'restored', what: key }
    if (sum !== note.newSum) return { outcome: 'drift', what: key }
    try {
      await patchMap({ metadata: { resourceVersion }, data: { [key]: note.old } })
    } catch (error) {
      if (!isConflict(error)) throw error
      return putBack(await map(), note)
    }
    return { outcome: 'restored', what: key }
  }

  /** Of a run whose note is gone, or never was: nobody knows its file of before, but its pods are its own. */
  async function forgetRound(run: string): Promise<Undone[]> {
    const template = (await orGone(set()))?.spec.template
    const round = template?.metadata?.annotations?.[roundAnnotation]
    if (template === undefined || (round !== run && round !== restoredRound(run))) return []
    await rollOut(null, withoutCleanup(template.spec.initContainers))
    return [{ outcome: 'drift', what: key }]
  }

  return {
    name,
    look: async () => [fileOf(await asked(() => api.get(mapRef)))],
    bootId: async () => '',
    unitText: () => Promise.reject(new Error('kube-proxy is no unit here')),
    reaches: () => Promise.reject(new Error('kube-proxy is on no host')),
    page: () => Promise.reject(new Error('kube-proxy serves its pages on each node')),
    async obstacles() {
      const note = noteOn(await asked(() => api.get(mapRef)))
      const daemonSetNow = await asked(() => api.get(setRef))
      const { type = 'RollingUpdate' } = daemonSetNow.spec.updateStrategy ?? {}
      const state = rolloutOf(daemonSetNow)
      return [
        ...(note === undefined ? [] : [heldBy(note.run)]),
        ...(type === 'RollingUpdate' ? [] : [`its DaemonSet has the update strategy ${type}, which restarts no pod`]),
        // One pod that is not available can stop the rollout of all others, also the one that restores.
        ...(state === complete ? [] : [`its DaemonSet is not rolled out: ${state}`]),
      ]
    },
    arm: async () => {},
    renew: async () => {},
    disarm: async () => {},
    async change(run, _, { old, content }: Change) {
      const found = await map()
      const held = noteOn(found)
      if (held !== undefined) throw new Failure('safety-refusal', `${name}: ${heldBy(held.run)}`)
      const before = found.data?.[key]
      const moved = () => new Failure('safety-refusal', `${name}: ${key} was changed by somebody else while this ran`)
      if (before === undefined || sumOf(before) !== old.sum) throw moved()
      const text = textOf({ content })
      const now = await set()
      const changesMode = modeIn(before) !== modeIn(text)
      const initContainers = withoutCleanup(now.spec.template.spec.initContainers)
      const note: Note = { run, old: before, newSum: sumOf(text), changesMode, initContainers }
      // Where that cannot run, nothing is to be touched.
      if (changesMode) withCleanup(note, now, name)
      const { resourceVersion } = found.metadata
      try {
        await patchMap({
          metadata: { resourceVersion, annotations: { [noteAnnotation]: JSON.stringify(note) } },
          data: { [key]: text },
        })
      } catch (error) {
        if (!isConflict(error)) throw error
        // It may have been this change, whose answer was lost.
        if (noteOn(await map())?.run !== run) throw moved()
      }
    },
    async restart(_, signal) {
      const note = noteOn(await map())
      if (note === undefined)
        throw new Failure('infrastructure', `${name}: somebody has removed the note of its change`)
      await rollOut(note.run, note.changesMode ? withCleanup(note, await set(), name) : note.initContainers, signal)
    },
    holds: async (run) => (await orGone(map().then(noteOn)))?.run === run,
    async restore(run) {
      const found = await orGone(map())
      const note = found && noteOn(found)
      if (found === undefined || note === undefined) return forgetRound(run)
      if (note.run !== run) return []
      const wasPutBack = fileOf(found).sum === sumOf(note.old)
      const undone = await putBack(found, note)
      const { template } = (await set()).spec
      if (template.metadata?.annotations?.[roundAnnotation] !== undefined) {
        if (note.changesMode) await rollOut(restoredRound(run), withCleanup(note, await set(), name))
        await rollOut(null, note.initContainers)
      } else if (wasPutBack) {
        // Somebody was killed, or gave up, while the last rollout went on.
        await untilRolledOut()
      }
      await patchMap({ metadata: { annotations: { [noteAnnotation]: null } } })
      return [undone]
    },
    async live(): Promise<Live> {
      const state = rolloutOf(await asked(() => api.get(setRef)))
      const isComplete = state === complete
      return {
        unit: isComplete ? 'active' : state,
        processes: [{ pid: 0, nice: 0, ioPriority: '', args: [] }],
        health: undefined,
      }
    },
    close: async () => {},
  }
}

/** The name of a cluster's kube-proxy in plans, journals and messages. */
export function proxyName({ namespace, configMap }: KubeProxySection): string {
  return `configmap ${namespace}/${configMap}`
}

const complete = 'complete'

/** How far a rollout is. */
function rolloutOf({ metadata, status = {} }: DaemonSet): string {
  const { observedGeneration = 0, desiredNumberScheduled = 0, updatedNumberScheduled = 0, numberAvailable = 0 } = status
  if (observedGeneration < (metadata.generation ?? 0)) return 'its controller has not begun'
  if (updatedNumberScheduled === desiredNumberScheduled && numberAvailable === desiredNumberScheduled) return complete
  return `${updatedNumberScheduled} of ${desiredNumberScheduled} pods are new, ${numberAvailable} available`
}

function noteOn({ metadata }: ConfigMap): Note | undefined {
  const text = metadata.annotations?.[noteAnnotation]
  if (text === undefined) return undefined
  try {
    return noteSchema.parse(JSON.parse(text))
  } catch {
    throw new Failure(
      'residue',
      `configmap ${metadata.namespace}/${metadata.name}: its annotation ${noteAnnotation} is damaged`,
      {
        next: 'Restore its data by hand, and remove the annotation',
      },
    )
  }
}

/** The init containers of a template, and one more: kube-proxy itself, which removes all rules and ends. */
function withCleanup(note: Note, { spec }: DaemonSet, name: string): PodContainer[] {
  // Not a shell that starts it: to that, the flag would be nothing, and a kube-proxy that keeps running would stop the rollout.
  const proxy = spec.template.spec.containers.find(
    ({ command }) => Array.isArray(command) && String(command[0]).split('/').at(-1) === 'kube-proxy',
  )
  if (proxy === undefined)
    throw new Failure('bad-input', `${name}: no container of its DaemonSet has kube-proxy as its command`, {
      next: 'Leave out kubeProxy.mode: rules of the other mode cannot be removed',
    })
  const { command, args = [], image, imagePullPolicy, env, securityContext, volumeMounts } = proxy
  const words = [...(command as unknown[]), ...(Array.isArray(args) ? args : []), '--cleanup']
  const taken = { image, imagePullPolicy, env, securityContext, volumeMounts }
  return [...(note.initContainers ?? []), { name: cleanupName, ...taken, command: words }]
}

/** Null where there are none, as a patch has it. */
function withoutCleanup(initContainers: readonly PodContainer[] = []): PodContainer[] | null {
  const own = initContainers.filter(({ name }) => name !== cleanupName)
  return own.length === 0 ? null : own
}

/** Between the file's restoring and the last rollout, rules of the other mode are removed. */
function restoredRound(run: string): string {
  return `${run}-restored`
}

/** A refusal by the API server, and what to do about it. */
function failureOf(error: ApiError, name: string): Failure {
  const message = `${name}: ${error.message}`
  const cause = error
  switch (error.status) {
    case 403:
      return new Failure('infrastructure', message, {
        cause,
        next: 'Grant the rights in manifests/rbac-kube-proxy.yaml',
      })
    case 404:
      return new Failure('bad-input', message, { cause, next: 'Check `kubeProxy` in the clusters file' })
    default:
      return new Failure('infrastructure', message, { cause })
  }
}

function isConflict(error: unknown): boolean {
  return error instanceof Failure && isApiStatus(error.cause, 409)
}

async function orGone<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (error instanceof Failure && isApiStatus(error.cause, 404)) return undefined
    throw error
  }
}

/** An empty mode is the platform's own. */
function modeIn(text: string): string {
  const file: unknown = parse(text)
  const mode = typeof file === 'object' && file !== null && 'mode' in file ? file.mode : ''
  return mode === '' || mode === null || mode === undefined ? 'iptables' : String(mode)
}

function sumOf(text: string | undefined): string {
  return text === undefined ? 'absent' : createHash('sha256').update(text).digest('hex')
}
