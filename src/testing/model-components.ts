import type { Clock } from '../base/clock.ts'
import { createRandom } from '../base/random.ts'
import type { ApiError } from '../kube/api.ts'
import { createObjects } from '../model/apiserver/objects.ts'
import type { Reply, Server, ServerRequest } from '../model/apiserver/server.ts'
import { createStore } from '../model/apiserver/store.ts'
import { createLimiterMetrics } from '../model/client-go/client.ts'
import type { ControlPlane } from '../model/control-plane.ts'
import { createKernel } from '../model/kernel/kernel.ts'
import { costsOf } from '../model/machine/costs.ts'
import { createProcessor } from '../model/machine/processor.ts'
import { settingsOf } from '../model/settings.ts'
import type { KnobValue } from '../tuning/knob.ts'
import { machineForTests } from './model.ts'
import { requestsUnder } from './profiles.ts'

/** What a component asks of an apiserver that answers when the test says so. */
export interface ComponentBench {
  controlPlane: ControlPlane
  clock: Clock
  /** Requests that wait for their answer, as `POST pods`; those for events aside. */
  asked(): Promise<string[]>
  /** Answers all that wait now, with an error where `refuse` has one, and returns them; what they lead to waits for the next time. */
  answer(refuse?: Refuse): Promise<string[]>
  /** Answers for so long, once a millisecond unless told otherwise; returns everything that was asked. */
  run(durationMs: number, options?: { refuse?: Refuse; everyMs?: number }): Promise<string[]>
}

/** What a request is refused with; undefined where it is not. */
export type Refuse = (request: ServerRequest) => ApiError | undefined

/**
 * A namespace `ns`, an apiserver in the hands of the test, controllers without a limit on requests, and work that takes no time. Watchers are told at once, of pods
 * `podLagMs` later. */
export function componentBenchForTests({
  podLagMs = 0,
  knobs = {},
}: {
  podLagMs?: number
  knobs?: Record<string, KnobValue>
} = {}): ComponentBench {
  const timeline = createKernel().createTimeline()
  const store = createStore({ nowMs: timeline.nowMs, etcdOf: () => 'etcd' })
  const tolerationSeconds = { notReady: 300, unreachable: 300 }
  const objects = createObjects({ store, nowMs: timeline.nowMs, random: createRandom(1, 'names'), tolerationSeconds })
  objects.create('namespaces', { metadata: { name: 'ns' } })
  objects.create('serviceaccounts', { metadata: { name: 'default', namespace: 'ns' } })
  const waiting: { request: ServerRequest; serve: () => unknown; reply: Reply<unknown> | undefined }[] = []
  const server = {
    handle(request: ServerRequest, serve: () => unknown, reply?: Reply<unknown>) {
      waiting.push({ request, serve, reply })
    },
    inform: ((resource, listener) =>
      store.onChange(resource, (change) => {
        if (resource === 'pods' && podLagMs > 0) timeline.after(podLagMs, () => listener(change))
        else listener(change)
      })) satisfies Server['inform'],
    addWatchers: () => {},
    announce: () => {},
  } as unknown as Server
  const settings = settingsOf(requestsUnder('stock', knobs))
  const costs = costsOf(machineForTests().calibration)
  const unlimited = { qps: -1, burst: 0 }
  const controlPlane: ControlPlane = {
    timeline,
    store,
    objects,
    server,
    processor: createProcessor(timeline.nowMs, 1000),
    costs: {
      ...costs,
      controllerManager: { actionMs: 0, listedPodMs: 0, nodeStatusMs: 0, leaseMs: 0 },
      scheduler: { ...costs.scheduler, podMs: 0, nodeStatusMs: 0 },
    },
    settings: { ...settings, controllerManager: { ...settings.controllerManager, client: unlimited } },
    random: createRandom(1, 'controllers'),
    controllerLimiter: createLimiterMetrics(),
    schedulerLimiter: createLimiterMetrics(),
    endpointSlices: new Set(),
    workQueues: new Map(),
  }
  const told = (requests: { request: ServerRequest }[]) =>
    requests.map(({ request: { verb, resource } }) => `${verb} ${resource}`).filter((one) => !one.endsWith(' events'))
  /** Requests leave a component as events of their own. */
  const sent = () => timeline.clock.sleep(0)
  const answer: ComponentBench['answer'] = async (refuse) => {
    await sent()
    const taken = waiting.splice(0)
    for (const { request, serve, reply } of taken) {
      const refusal = refuse?.(request)
      if (refusal !== undefined) reply?.(refusal, undefined)
      else {
        const { error, value } = attempt(serve)
        reply?.(error, value)
      }
    }
    return told(taken)
  }
  return {
    controlPlane,
    clock: timeline.clock,
    async asked() {
      await sent()
      return told(waiting)
    },
    answer,
    async run(durationMs, { refuse, everyMs = 1 } = {}) {
      const all: string[] = []
      for (let leftMs = durationMs; leftMs > 0; leftMs -= everyMs) {
        all.push(...(await answer(refuse)))
        await timeline.clock.sleep(Math.min(everyMs, leftMs))
      }
      return all
    },
  }
}

function attempt(serve: () => unknown): { error: ApiError | undefined; value?: unknown } {
  try {
    return { error: undefined, value: serve() }
  } catch (error) {
    return { error: error as ApiError }
  }
}
