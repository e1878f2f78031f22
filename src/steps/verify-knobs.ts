import { minorOf } from '../base/kubernetes-version.ts'
import type { PlannedArm } from '../plan/plan.ts'
import type { KnobOutcome } from '../result/result.ts'
import type { Cluster, KnobReading, KnobSupport, Target } from '../targets/target.ts'
import type { Knob, Setting } from '../tuning/knob.ts'
import type { KnobRequest } from '../tuning/profiles.ts'
import { isValueAsked } from '../tuning/value.ts'
import type { Step, StepOutline } from './step.ts'

export const verifyKnobsOutline: StepOutline = { id: 'verify-knobs', title: 'Knobs in force' }

/**
 * Asks the running components what they use of all `knobs`. A knob counts as applied only when its component
 * says so; one that the target cannot honour is listed with the reason, and so is one that the plan leaves alone.
 */
export function verifyKnobs(
  target: Target,
  cluster: Cluster,
  {
    knobs,
    requests,
    set = [],
    kubernetes,
  }: {
    knobs: readonly Knob[]
    requests: readonly KnobRequest[]
    /** What the plan sets beyond the profile, or takes back. */
    set?: PlannedArm['set']
    kubernetes?: string | undefined
  },
): Step<KnobOutcome[]> {
  return {
    ...verifyKnobsOutline,
    timeoutMs: 30_000,
    async setUp() {
      // What somebody else's cluster is of, only it says.
      const apiserver = cluster.versions['kube-apiserver']
      const version = apiserver === undefined ? kubernetes : minorOf(apiserver)
      const requested = new Map(requests.map((request) => [request.knob.id, request]))
      const departures = new Map(set.map(({ knob, because }) => [knob, because]))
      const supported = knobs.map((knob) => ({ knob, support: target.supports(knob, version) }))
      const readable = supported.flatMap(({ knob, support }) => (support.supported ? [knob] : []))
      const readings = new Map((await cluster.effectiveKnobs(readable)).map((reading) => [reading.id, reading]))
      return supported.map(({ knob, support }) => {
        const { id } = knob
        const because = requested.get(id)?.because ?? departures.get(id)
        const outcome = outcomeOf(knob, support, requested.get(id), readings.get(id), because)
        return departures.has(id) ? { ...outcome, departs: true } : outcome
      })
    },
    summary: (outcomes) => {
      const count = (status: KnobOutcome['status']) => outcomes.filter((knob) => knob.status === status).length
      const odd = (['differs', 'overruled', 'unverified', 'not-applied'] as const).filter((status) => count(status) > 0)
      const taken = target.evidence === 'simulated' ? 'in the model as requested' : 'read back as requested'
      return [
        `${count('applied')} ${taken}`,
        ...odd.map((status) => `${count(status)} ${status.replace('-', ' ')}`),
      ].join(', ')
    },
  }
}

function outcomeOf(
  knob: Knob,
  support: KnobSupport,
  request: KnobRequest | undefined,
  reading: KnobReading | undefined,
  because: string | undefined,
): KnobOutcome {
  const { effective = null, readFrom = null } = reading ?? {}
  const unread = reading?.because === undefined ? undefined : `not read: ${reading.because}`
  const told = support.supported ? support.note : support.because
  const meaning = effective === null ? undefined : knob.meaningOf?.(effective)
  const meant = meaning === undefined ? undefined : `${effective}: ${meaning}`
  const notes = [told, reading?.note, meant, because, unread, knob.note].filter((text) => text !== undefined)
  return {
    id: knob.id,
    component: knob.component,
    setting: settingName(knob.setting),
    requested: request?.value ?? null,
    effective,
    readFrom,
    status: statusOf(knob, support, request, reading),
    ...(support.supported && support.setBy !== undefined && { setBy: support.setBy }),
    ...(notes.length === 0 ? {} : { note: notes.join('; ') }),
  }
}

function statusOf(
  knob: Knob,
  support: KnobSupport,
  request: KnobRequest | undefined,
  { effective = null, note }: Partial<KnobReading> = {},
): KnobOutcome['status'] {
  if (!support.supported) return 'not-applied'
  if (request === undefined) return 'default'
  if (effective === null) return 'unverified'
  if (isValueAsked(knob.type, effective, request.value)) return 'applied'
  return note === undefined ? 'differs' : 'overruled'
}

function settingName(setting: Setting): string {
  switch (setting.via) {
    case 'kubelet-config':
    case 'kube-proxy-config':
    case 'kube-scheduler-config':
      return setting.field
    case 'feature-gate':
      return `feature gate ${setting.gate}`
    case 'environment':
      return setting.variable
    case 'flag':
      return `--${setting.flag}`
    case 'process':
      return setting.attribute
    case 'sysctl':
      return setting.key
    case 'etcd-split':
      return '--etcd-servers-overrides'
    case 'wal-disk':
      return '--wal-dir on a separate disk'
    case 'by-hand':
      return setting.what
  }
}
