import type { Clock } from '../../../base/clock.ts'
import { plural } from '../../../base/count.ts'
import { Failure } from '../../../base/errors.ts'
import { troubleOf } from '../../../fleet/pod-state.ts'
import type { KubeApi } from '../../../kube/api.ts'
import { ApiError } from '../../../kube/api.ts'
import type { Pod } from '../../../kube/resources.ts'

/** What may pass by itself gets this long: a pull that is tried again, a machine that is just full. */
const patienceMs = 30_000
const shownPods = 3

/** Tells trouble that has come to stay from trouble that passes. */
export interface Patience {
  /** Throws `Failure('infrastructure')`, in the words of whoever refuses, when a wanted pod cannot run or is not even created. */
  check(pods: ReadonlyMap<string, Pod>, wanted: readonly string[]): Promise<void>
}

/** Looks at pods from now on. */
export function createPatience(on: { host: KubeApi; clock: Clock; namespace: string }): Patience {
  const { clock } = on
  const since = new Map<string, number>()
  const lasts = (name: string) => {
    const sinceMs = since.get(name) ?? clock.nowMs()
    since.set(name, sinceMs)
    return clock.nowMs() - sinceMs >= patienceMs
  }
  return {
    async check(pods, wanted) {
      const fatal = new Map<string, { names: string[]; next: string }>()
      let isMissing = false
      for (const name of wanted) {
        const pod = pods.get(name)
        if (pod === undefined) {
          isMissing = lasts(name) || isMissing
          continue
        }
        const trouble = troubleOf(pod)
        if (trouble === undefined) since.delete(name)
        else if (trouble.lasting === 'at-once' || lasts(name)) {
          const alike = fatal.get(trouble.because)
          if (alike === undefined) fatal.set(trouble.because, { names: [name], next: trouble.next })
          else alike.names.push(name)
        }
      }
      const [worst] = [...fatal].sort(([, left], [, right]) => right.names.length - left.names.length)
      if (worst !== undefined) {
        const [because, { names, next }] = worst
        const more = names.length > shownPods ? ` and ${names.length - shownPods} more` : ''
        throw new Failure('infrastructure', `${names.slice(0, shownPods).join(', ')}${more}: ${because}`, { next })
      }
      if (isMissing)
        await blameController(
          on,
          wanted.filter((name) => !pods.has(name)),
        )
    },
  }
}

/** Pods that are not even created have no status: their controller says in events why, such as a quota or an admission webhook. */
async function blameController(
  { host, namespace }: { host: KubeApi; namespace: string },
  missing: readonly string[],
): Promise<void> {
  const fieldSelector = 'involvedObject.kind=StatefulSet,type=Warning'
  let last: string | undefined
  try {
    for await (const page of host.list({ resource: 'events', namespace, fieldSelector }))
      for (const { reason = '', message = '' } of page.items) last = `${reason}: ${message}`
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 403) throw error
  }
  if (last === undefined) return
  throw new Failure(
    'infrastructure',
    `${plural(missing.length, 'hollow-node pod was', 'hollow-node pods were')} not created: ${last}`,
    {
      next: 'Check what rejects them on the host cluster: quotas, Pod Security and admission webhooks of the namespace',
    },
  )
}
