import { roleLabel } from '../../kube/labels.ts'
import type { ConfigMap } from '../../kube/resources.ts'
import type { FaultSite } from '../../model/fault.ts'
import type { DrawFault } from './fault.ts'
import { drawMoment, formatMoment } from './fault.ts'

const finalizer = 'example.com/stuck'

/** Somebody else's finalizer on one of the run's configmaps: its namespace stays until they let go, which may be never. */
export const stuckFinalizers: DrawFault = (random) => {
  const startMs = drawMoment(random, 500)
  const holdMs = random.integer(0, 3) === 0 ? Number.POSITIVE_INFINITY : random.integer(10_000, 300_000)
  const held = Number.isFinite(holdMs) ? `for ${formatMoment(holdMs)}` : 'forever'
  let chosen: ConfigMap | undefined
  let struck = 0
  const setFinalizers = ({ store, objects }: FaultSite, finalizers: string[]) => {
    const { namespace = '', name = '' } = chosen?.metadata ?? {}
    if (store.get('configmaps', namespace, name) === undefined) return
    objects.update({ resource: 'configmaps', namespace, name }, 'all but status', (current) => ({
      ...current,
      metadata: { ...current.metadata, finalizers },
    }))
  }
  return {
    description: `a configmap gets a finalizer at ${formatMoment(startMs)}, ${held}`,
    overMs: startMs + holdMs,
    struck: () => struck,
    begin(site) {
      const { timeline, store } = site
      timeline.after(startMs, () => {
        const own = store.list('configmaps').filter(({ metadata }) => metadata.labels?.[roleLabel] === 'workload')
        const one = own[random.integer(0, Math.max(0, own.length - 1))]
        if (one === undefined || one.metadata.deletionTimestamp !== undefined) return
        struck++
        chosen = one
        setFinalizers(site, [finalizer])
        if (Number.isFinite(holdMs)) timeline.after(holdMs, () => setFinalizers(site, []))
      })
    },
    /** Whoever held on lets go. */
    mend: (site) => setFinalizers(site, []),
  }
}
