import type { Plan } from '../../plan/plan.ts'
import type { Knob } from '../../tuning/knob.ts'
import type { KnobSupport } from '../target.ts'

/**
 * What this target honours: it sets the kubelets of hollow nodes itself; flags of the control plane are for whoever runs the
 * cluster, and count as applied when the component says so. What nobody can read back it does not claim.
 */
export function supportOf({ setting }: Knob, { source }: Pick<Plan['fleet'], 'source'>): KnobSupport {
  switch (setting.via) {
    case 'kubelet-config':
      return source === 'hollow' ? { supported: true } : byOperator
    case 'flag':
    case 'etcd-split':
      return byOperator
    case 'kube-proxy-config':
      return source === 'hollow'
        ? no('hollow nodes run no kube-proxy that has settings')
        : no('kube-proxy serves its settings on the loopback of its node only: not read')
    case 'process':
    case 'sysctl':
      return no('a setting of a machine, which this target neither makes nor sees')
    case 'by-hand':
      return no(`arranged by hand: ${setting.what}`)
  }
}

const byOperator = { supported: true, setBy: 'operator' } as const

function no(because: string): KnobSupport {
  return { supported: false, because }
}
