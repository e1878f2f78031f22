import { excerpt } from '../base/excerpt.ts'
import { didYouMean } from '../base/names.ts'
import { catalogue } from './catalogue.ts'
import type { Knob } from './knob.ts'
import { isOpenId, openIdOf, openKnob } from './open-knobs.ts'

/** Of knobs that are flags, the fields that say the same in a file. */
const fieldsOfFlags: Readonly<Record<string, string>> = {
  'scheduler.kubeApiQps': 'kube-scheduler.config.clientConnection.qps',
  'scheduler.kubeApiBurst': 'kube-scheduler.config.clientConnection.burst',
}

const named = new Map(
  catalogue.flatMap((knob) =>
    [knob.id, openIdOf(knob), fieldsOfFlags[knob.id]].flatMap((id) => (id === undefined ? [] : [[id, knob] as const])),
  ),
)
/** Kubernetes itself writes kubeAPIQPS and kube-api-qps: nobody remembers which knob has which capitals, and no two differ by them alone. */
const inAnyCase = new Map(catalogue.map((knob) => [knob.id.toLowerCase(), knob]))

/**
 * The knob with an id, such as `kubelet.kubeAPIQPS`, in whatever capitals, or `kube-apiserver.flags.event-ttl`; or why there is none. An open id
 * of what has a name is that knob, so that no setting has two. `others` are names that may have been meant as well.
 */
export function findKnob(id: string, others: readonly string[] = []): Knob | { refusal: string } {
  const knob = named.get(id) ?? inAnyCase.get(id.toLowerCase())
  if (knob !== undefined) return knob
  if (isOpenId(id)) return openKnob(id)
  const candidates = [...catalogue.map((one) => one.id), ...others]
  return { refusal: `there is no knob ${id === '' ? '""' : excerpt(id)}${didYouMean(id, candidates)}` }
}

/** The knob with this id; undefined where there is none. */
export function knobById(id: string): Knob | undefined {
  const found = findKnob(id)
  return 'refusal' in found ? undefined : found
}
