import { minorNumberOf } from '../base/kubernetes-version.ts'
import { askedConntrack, conntrackCap } from '../tuning/conntrack.ts'
import type { KnobRequest } from '../tuning/profiles.ts'
import { valuesUnder } from '../tuning/values.ts'
import type { Circumstances } from './format.ts'

const hostKnob = 'host.nf_conntrack_max'
const perCoreKnob = 'kubeProxy.conntrack.maxPerCore'
const minKnob = 'kubeProxy.conntrack.min'

/** pkg/proxy/conntrack/sysctls.go, getConntrackMax. */
const firstWithCap = 36
/** pkg/proxy/conntrack/sysctls.go, setSysctls: 1.36.3 sets the limit, 1.37.2 only raises it. */
const firstThatOnlyRaises = 37

/**
 * The requests with kube-proxy's conntrack.maxPerCore as a host with so many cores needs it to come to the limit that is asked of the
 * host: max / cores. As they are where either is not asked for, or nobody said how many cores there are.
 */
export function withConntrackPerCore(requests: readonly KnobRequest[], cores: number | undefined): KnobRequest[] {
  const max = requests.find(({ knob }) => knob.id === hostKnob)?.value
  return requests.map((request) =>
    request.knob.id === perCoreKnob && typeof max === 'number' && cores !== undefined
      ? { ...request, value: Math.ceil(max / cores) }
      : request,
  )
}

/** What kube-proxy makes of the limits on connections that are asked for; nothing where none is. */
export function conntrackRemarks(requests: readonly KnobRequest[], { kubernetes, cores }: Circumstances): string[] {
  const values = valuesUnder(requests)
  if (![hostKnob, perCoreKnob, minKnob].some((id) => values.isRequested(id))) return []
  const perCore = values.number(perCoreKnob)
  const min = values.number(minKnob)
  const host = values.isRequested(hostKnob) ? values.number(hostKnob) : undefined
  const minor = minorNumberOf(kubernetes)
  const hasCap = minor !== undefined && minor >= firstWithCap
  if (perCore === 0) return ['kube-proxy leaves nf_conntrack_max alone: conntrack.maxPerCore is 0.']
  if (cores === undefined) {
    const isFor = host === undefined ? '' : `: ${host} on hosts with ${Number((host / perCore).toFixed(1))} cores`
    return [
      values.isRequested(perCoreKnob)
        ? `conntrack.maxPerCore is ${perCore} per core${isFor}; --cores computes it for yours.`
        : `kube-proxy's own conntrack.maxPerCore is ${perCore} per core; --cores says what that comes to.`,
      ...(hasCap ? [`kube-proxy caps conntrack.maxPerCore x cores at ${conntrackCap} (since 1.36).`] : []),
    ]
  }
  const scaled = perCore * cores
  const kubeProxy = askedConntrack({ maxPerCore: perCore, min }, { cores, hasCap })
  if (kubeProxy === undefined) return []
  const asked = kubeProxy.max
  const isCapped = kubeProxy.setBy === 'the cap'
  const product = `conntrack.maxPerCore x cores (${perCore} x ${cores})`
  const reason = isCapped
    ? `, not ${scaled}: since 1.36, it caps ${product}, whatever conntrack.min says`
    : scaled >= min
      ? `: ${product}`
      : `: conntrack.min, which is more than ${product}`
  const onlyRaises = minor !== undefined && minor >= firstThatOnlyRaises
  const then =
    host === undefined || host === asked
      ? []
      : onlyRaises && host > asked
        ? [`kube-proxy ${kubernetes} only raises the limit, so the host keeps the ${host} of its sysctl.`]
        : [`kube-proxy sets the host's limit to that when it starts, whatever its sysctl says.`]
  const keep =
    isCapped && !onlyRaises && host !== undefined
      ? [`To have ${host}, set ${perCoreKnob} to 1 and ${minKnob} to ${host}.`]
      : []
  return [`On ${cores} cores, kube-proxy asks for ${asked} connections${reason}.`, ...then, ...keep]
}
