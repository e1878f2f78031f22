import { describe, expect, it } from 'vitest'
import type { Cluster, Target } from '../targets/target.ts'
import { catalogue } from '../tuning/catalogue.ts'
import { knobById } from '../tuning/find-knob.ts'
import type { KnobReading, KnobValue } from '../tuning/knob.ts'
import { verifyKnobs } from './verify-knobs.ts'

/** What becomes of the knob when the component says this of it. */
async function outcomeOf(reading: Partial<KnobReading>, id = 'host.nf_conntrack_max', value: KnobValue = 2310720) {
  const knob = knobById(id)
  if (knob === undefined) throw new Error('no such knob')
  const target = { supports: () => ({ supported: true }) } as unknown as Target
  const effectiveKnobs: Cluster['effectiveKnobs'] = async (knobs) =>
    knobs.map((one) => ({ id: one.id, effective: null, readFrom: null, ...(one.id === id && reading) }))
  const step = verifyKnobs(target, { effectiveKnobs, versions: {} } as unknown as Cluster, {
    knobs: catalogue,
    requests: [{ knob, value }],
  })
  const outcomes = await step.setUp({ signal: new AbortController().signal, report: () => {} })
  return outcomes.find((outcome) => outcome.id === id)
}

describe('verifyKnobs', () => {
  it('should tell what the plan sets, or takes back, from what its profile does', async () => {
    const target = { supports: () => ({ supported: true }) } as unknown as Target
    const effectiveKnobs: Cluster['effectiveKnobs'] = async (knobs) =>
      knobs.map(({ id }) => ({ id, effective: null, readFrom: null }))
    const set = [
      { knob: 'kubelet.maxPods', value: 200, because: 'x' },
      { knob: 'etcd.nice', value: null, because: 'y' },
    ]
    const step = verifyKnobs(target, { effectiveKnobs, versions: {} } as unknown as Cluster, {
      knobs: catalogue,
      requests: [],
      set,
    })
    const outcomes = await step.setUp({ signal: new AbortController().signal, report: () => {} })
    expect(outcomes.filter(({ departs }) => departs).map(({ id }) => id)).toEqual(['kubelet.maxPods', 'etcd.nice'])
  })

  it('should call a knob applied only when its component says so', async () => {
    expect((await outcomeOf({ effective: 2310720 }))?.status).toBe('applied')
    expect((await outcomeOf({ effective: 262144 }))?.status).toBe('differs')
    expect((await outcomeOf({}))?.status).toBe('unverified')
  })

  it('should not mind the order of a list', async () => {
    const split = (effective: string) => outcomeOf({ effective }, 'etcd.splitByResource', '/pods,/events')
    expect((await split('/events,/pods'))?.status).toBe('applied')
    expect((await split('/pods'))?.status).toBe('differs')
  })

  it('should say what a value means that does not speak for itself', async () => {
    const limit = async (effective: number) =>
      (await outcomeOf({ effective }, 'controllerManager.kubeApiQps', effective))?.note
    expect(await limit(-1)).toContain('-1: no limit')
    expect(await limit(0)).toContain("0: client-go's default of 5 requests a second")
    expect(await limit(20)).toBeUndefined()
  })

  it('should tell a value that the component makes of the one requested from one that is simply another', async () => {
    const outcome = await outcomeOf({ effective: 1048576, note: 'kube-proxy cuts it off there' })
    expect(outcome).toMatchObject({ status: 'overruled', requested: 2310720, effective: 1048576 })
    expect(outcome?.note).toContain('kube-proxy cuts it off there')
  })
})
