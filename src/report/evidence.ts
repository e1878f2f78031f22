import { formatDuration } from '../base/duration.ts'
import type { ArmOutcome, Result } from '../result/result.ts'

/**
 * What can be said of figures depends on where they come from: every sentence that does is here, twice. A simulation asked no component
 * and looked at no cluster.
 */
export interface EvidenceWords {
  /** Below the heading of what each stop waited for. */
  counted: string
  /** Of the large figure in a table of knobs. */
  effective: string
  /** Where symptoms were looked for. */
  symptoms: string
  /** The title of the conditions under which steps ran. */
  conditions: string
  /** What kube-proxies counted, `10` of them. */
  kubeProxies(count: string): string
  /** What everything ran on, where that was not this machine. */
  elsewhere: string
}

const words: Record<Result['evidence'], EvidenceWords> = {
  measured: {
    counted: 'From the components’ own metrics',
    effective: 'The large figure is what the running component reports.',
    symptoms: 'Signs of trouble in the components’ own metrics',
    conditions: 'Conditions of the measurement',
    kubeProxies: (count) => `From the metrics of ${count} kube-proxies`,
    elsewhere: 'elsewhere',
  },
  simulated: {
    counted: 'From the model’s own counters',
    effective: 'The large figure is what the model uses.',
    symptoms: 'Signs of trouble in what the model counts',
    conditions: 'Conditions in the model',
    kubeProxies: (count) => `From the counters of ${count} modelled kube-proxies`,
    elsewhere: 'none: everything is modelled',
  },
}

/** The words for a result's evidence. */
export function wordsFor(evidence: Result['evidence']): EvidenceWords {
  return words[evidence]
}

/** Why the figures of a result may be called what they are called. */
export function evidenceOf({ evidence, arms }: Result): string {
  const starts = startsIn(arms)
  if (evidence === 'simulated')
    return `Simulated: a model on virtual time computed these figures. No cluster was involved.${starts}`
  if (arms.length > 0 && arms.every(({ fleet }) => fleet.source === 'none' && fleet.nodes === 0))
    return 'Measured on real etcds. No other component of Kubernetes ran.'
  if (arms.some(({ fleet }) => fleet.probeNode === 'real'))
    return 'Measured on real components. The probes’ node runs real containers, so times include pulling their image and starting them.'
  return `Measured on real components with hollow nodes, which run no containers: the figures are those of the control plane and of the kubelet’s API client, not of a container runtime.${starts}`
}

/** What hollow nodes pretend of starting containers, where they do; arms differ where that is what a run varies. */
function startsIn(arms: readonly ArmOutcome[]): string {
  const assumptions = new Set(
    arms.flatMap(({ fleet: { containerStarts } }) => {
      if (containerStarts === undefined || containerStarts.timeMs === 0) return []
      const { timeMs, parallel } = containerStarts
      return `${formatDuration(timeMs)}${parallel === undefined ? '' : `, with at most ${parallel} at a time on a node`}`
    }),
  )
  return assumptions.size === 0 ? '' : ` Assumed: starting a container takes ${[...assumptions].join('; or ')}.`
}
