import type { Plan } from '../../plan/plan.ts'
import type { Places } from '../../tune/hosts/section.ts'
import { whyNotOnHosts } from '../../tune/hosts/wanted.ts'
import type { Knob } from '../../tuning/knob.ts'
import { knownSettings } from '../../tuning/known-settings.ts'
import { refusalOf } from '../../tuning/open-knobs.ts'
import { fixedOnHollowNodes } from '../hollow-kubelets.ts'
import type { KnobSupport } from '../target.ts'

/**
 * What this target honours: it sets the kubelets of hollow nodes itself; flags of the control plane are for whoever runs the
 * cluster, and count as applied when the component says so. What nobody can read back it does not claim. `places` are
 * where the run changes settings.
 */
export function supportOf(
  knob: Knob,
  { source }: Pick<Plan['fleet'], 'source'>,
  kubernetes?: string,
  places: readonly Places[] = [],
): KnobSupport {
  const { component, setting } = knob
  const refusal = refusalIn(knob, kubernetes)
  if (refusal !== undefined) return no(refusal)
  const isOurs = component === 'kubelet' && source === 'hollow'
  const fixed = isOurs ? fixedOnHollowNodes(knob) : undefined
  if (fixed !== undefined) return no(fixed)
  if (isOurs && setting.via === 'kubelet-config' && setting.field === 'registerWithTaints')
    return no('the plan says which taints hollow nodes have: fleet.pods.taints')
  if (!isOurs && places.length > 0 && places.every((place) => whyNotOnHosts(knob, place) === undefined))
    return { supported: true }
  if (component === 'kube-proxy' && setting.via !== 'by-hand')
    return no(
      source === 'hollow'
        ? 'hollow nodes run no kube-proxy that has settings'
        : 'kube-proxy serves its settings only on its node’s loopback: not read',
    )
  switch (setting.via) {
    case 'kubelet-config':
    case 'feature-gate':
      return isOurs ? { supported: true } : byOperator
    case 'environment':
      return isOurs ? no('hollow-node pods get no environment variables') : byOperator
    case 'kube-scheduler-config':
    case 'flag':
    case 'etcd-split':
      return byOperator
    case 'kube-proxy-config':
      throw new Error('settings of kube-proxy have been refused')
    case 'process':
    case 'sysctl':
      return no('a machine setting, which this target can neither set nor see')
    case 'wal-disk':
      return no('set by hand: --wal-dir on a separate disk')
    case 'by-hand':
      return no(`set by hand: ${setting.what}`)
  }
}

/** What this version of Kubernetes has against a knob; undefined also where nothing is known of the version. */
export function refusalIn(knob: Knob, kubernetes: string | undefined): string | undefined {
  const isKnown = knownSettings.some(({ version }) => version === kubernetes)
  return isKnown ? refusalOf(knob, null, kubernetes) : undefined
}

const byOperator = { supported: true, setBy: 'operator' } as const

function no(because: string): KnobSupport {
  return { supported: false, because }
}
