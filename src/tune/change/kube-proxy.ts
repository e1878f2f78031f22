import { createHash } from 'node:crypto'
import { parse } from 'yaml'
import { z } from 'zod'
import type { Clock } from '../../base/clock.ts'
import { Failure } from '../../base/errors.ts'
import type { KubeApi } from '../../kube/api.ts'
import { ApiError } from '../../kube/api.ts'
import type { ConfigMap, DaemonSet, PodContainer } from '../../kube/resources.ts'
import type { KubeProxySection } from '../hosts/section.ts'
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

  const asked = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work
    } catch (error) {
      if (error instanceof ApiError) throw new Failure('infrastructure', `${name}: ${error.message}`, { cause: error })
      throw error
    }
  }
  const map = () => asked(api.get(mapRef))
  const set = () => asked(api.get(setRef))
  const patchMap = (body: object) => asked(api.patch(mapRef, { type: 'merge', body }))
  const patchSet = (body: object) => asked(api.patch(setRef, { type: 'merge', body }))
  const fileOf = ({ data }: ConfigMap): Found => {
    const text = data?.[key]
    return { path: key, content: text === undefined ? null : base64(text), sum: sumOf(text) }
  }

  /** Lets every node have pods of this template, and waits until all of them have run for a while. */
  async function rollOut(round: string | null, initContainers: readonly PodContainer[] | null): Promise<void> {
    await patchSet({
      spec: { template: { metadata: { annotations: { [roundAnnotation]: round } }, spec: { initContainers } } },
    })
    let [sinceMs, seen] = [clock.nowMs(), '']
    for (;;) {
      const state = rolloutOf(await set())
      if (state !== seen) [sinceMs, seen] = [clock.nowMs(), state]
      const forMs = clock.nowMs() - sinceMs
      if (state === complete && forMs >= steadyMs) return
      if (state !== complete && forMs >= healthMs)
        throw new Failure('infrastructure', `${name}: its DaemonSet has not rolled out: ${state}`)
      await clock.sleep(pollMs)
    }
  }

  return {
    name,
    look: async () => [fileOf(await map())],
    bootId: async () => '',
    unitText: () => Promise.reject(new Error('kube-proxy is no unit here')),
    page: () => Promise.reject(new Error('kube-proxy serves its pages on each node')),
    async obstacles() {
      const note = noteOn(await map())
      const { type = 'RollingUpdate' } = (await set()).spec.updateStrategy ?? {}
      return [
        ...(note === undefined ? [] : [heldBy(note.run)]),
        ...(type === 'RollingUpdate' ? [] : [`its DaemonSet has the update strategy ${type}, which restarts no pod`]),
      ]
    },
    arm: async () => {},
    renew: async () => {},
    disarm: async () => {},
    async change(run, _, { old, content }: Change) {
      const found = await map()
      const before = found.data?.[key]
      if (before === undefined || sumOf(before) !== old.sum)
        throw new Failure('safety-refusal', `${name}: ${key} was changed by somebody else while this ran`)
      const text = Buffer.from(content, 'base64').toString('utf8')
      const initContainers = (await set()).spec.template.spec.initContainers ?? null
      const changesMode = modeIn(before) !== modeIn(text)
      const note: Note = { run, old: before, newSum: sumOf(text), changesMode, initContainers }
      const { resourceVersion } = found.metadata
      await patchMap({
        metadata: { resourceVersion, annotations: { [noteAnnotation]: JSON.stringify(note) } },
        data: { [key]: text },
      })
    },
    async restart() {
      const note = noteOn(await map())
      if (note === undefined)
        throw new Failure('infrastructure', `${name}: somebody has removed the note of its change`)
      await rollOut(note.run, note.changesMode ? withCleanup(note, await set(), name) : note.initContainers)
    },
    async restore(run) {
      const found = await map()
      const note = noteOn(found)
      if (note === undefined || note.run !== run) return []
      const undone: Undone[] = []
      const sum = fileOf(found).sum
      if (sum === note.newSum) {
        await patchMap({ data: { [key]: note.old } })
        undone.push({ outcome: 'restored', what: key })
      } else if (sum !== sumOf(note.old)) undone.push({ outcome: 'drift', what: key })
      const { template } = (await set()).spec
      const round = template.metadata?.annotations?.[roundAnnotation]
      if (round !== undefined) {
        if (note.changesMode) await rollOut(`${run}-restored`, withCleanup(note, await set(), name))
        await rollOut(null, note.initContainers)
      }
      await patchMap({ metadata: { annotations: { [noteAnnotation]: null } } })
      return undone
    },
    async live(): Promise<Live> {
      const state = rolloutOf(await set())
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
  if (observedGeneration < (metadata.generation ?? 0)) return 'not begun'
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
  const proxy = spec.template.spec.containers.find(({ command }) => Array.isArray(command))
  if (proxy === undefined) throw new Failure('bad-input', `${name}: no container of its DaemonSet has a command`)
  const { command, args = [], image, imagePullPolicy, env, securityContext, volumeMounts } = proxy
  const words = [...(command as unknown[]), ...(Array.isArray(args) ? args : []), '--cleanup']
  const taken = { image, imagePullPolicy, env, securityContext, volumeMounts }
  return [...(note.initContainers ?? []), { name: cleanupName, ...taken, command: words }]
}

/** An empty mode is the platform's own. */
function modeIn(text: string): string {
  const file: unknown = parse(text)
  const mode = typeof file === 'object' && file !== null && 'mode' in file ? file.mode : ''
  return mode === '' || mode === null || mode === undefined ? 'iptables' : String(mode)
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}

function sumOf(text: string | undefined): string {
  return text === undefined ? 'absent' : createHash('sha256').update(text).digest('hex')
}
