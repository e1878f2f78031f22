import { describe, expect, it } from 'vitest'
import type { ArmOutcome, Result } from '../result/result.ts'
import { sampleText } from './sample.ts'
import { sampleArm, sampleResult } from './sample-result.ts'
import type { ComparisonCell, ComparisonRow } from './view.ts'
import { chartedCurve, viewOf } from './view.ts'

describe('comparison', () => {
  it('should set the median of each profile beside the document and the baseline', () => {
    const { cells, documented } = row(sampleResult(), 'rollout 1 → 200', 'available')

    expect(documented).toBe(true)
    expect(cells.map(({ profile, measured }) => [profile, measured?.median])).toEqual([
      ['untuned', 79_374],
      ['tuned', 8464],
    ])
    expect(cells[0]?.ratio).toBeNull()
    expect(cells[1]?.ratio).toBeCloseTo(79_374 / 8464)
    expect(cells[0]?.reference?.deviation).toBeCloseTo((79_374 - 78_123) / 78_123)
    expect(cells[1]?.reference).toMatchObject({ valueMs: 24_769, note: 1, ratio: 78_123 / 24_769 })
  })

  it('should take the profile that ran first as the baseline when arms are listed in another order', () => {
    const result = sampleResult()
    const view = viewOf({ ...result, arms: result.arms.toSorted((a, b) => a.profile.localeCompare(b.profile)) })
    expect(view.profiles).toEqual(['untuned', 'tuned'])
  })

  it('should count a repetition that did not get there as infinitely late', () => {
    const once = tunedRollouts([7000, 8000, null])
    expect(once.measured).toMatchObject({ runs: 3, reached: 2, median: 8000 })
    expect(sampleText(once.measured)).toEqual({ figure: '8.00 s', detail: 'reached in 2 of 3 runs' })

    const mostly = tunedRollouts([7000, null])
    expect(sampleText(mostly.measured)).toEqual({ figure: 'not reached', detail: 'reached in 1 of 2 runs' })
    expect(mostly.ratio).toBeNull()
    expect(mostly.reference?.deviation).toBeNull()
  })

  it('should show an em dash for a stop that does not apply', () => {
    const result = sampleResult()
    const only = { ...result, arms: result.arms.map((arm) => (arm.profile === 'tuned' ? { ...arm, probes: [] } : arm)) }
    expect(sampleText(row(only, 'rollout 1 → 200', 'created').cells[1]?.measured ?? null).figure).toBe('—')
    expect(viewOf(result).probes[0]?.rows.map(({ stop }) => stop)).toEqual(['created', 'available', 'ready'])
  })

  it('should show a stop of the document even when no arm timed it', () => {
    const reference = {
      source: 'notes',
      figures: [{ probe: 'rollout', stop: 'deleted', profile: 'tuned', valueMs: 1 }],
    }
    const { cells } = row(sampleResult({ reference }), 'rollout 1 → 200', 'deleted')
    expect(cells[1]).toMatchObject({ measured: null, reference: { valueMs: 1, deviation: null } })
  })

  it('should not compare times of a machine that was the limit', () => {
    const cell = row(withProbe({ machineBusy: 0.93 }), 'rollout 1 → 200', 'available').cells[1]
    expect(cell?.ratio).toBeNull()
    expect(cell?.reference?.deviation).toBeNull()
    expect(sampleText(cell?.measured ?? null).detail).toContain('machine-bound')

    expect(row(withProbe({ machineBusy: 0.9 }), 'rollout 1 → 200', 'available').cells[1]?.ratio).not.toBeNull()
  })

  it('should pick the run nearest to the median at the stop of the document as the typical one', () => {
    const arms = [9000, 7000, 30_000].map((available, index) => tuned(index + 1, available))
    const probe = viewOf(sampleResult({ arms })).probes[0]
    expect(probe?.typical.map(({ label }) => label)).toEqual(['tuned #1'])
    expect(probe?.runs.map(({ label }) => label)).toEqual(['tuned #1', 'tuned #2', 'tuned #3'])
  })
})

describe('charted curve', () => {
  it('should mark the figures of the document only where the curve ends at that stop', () => {
    const [rollout, scaleDown] = viewOf(sampleResult()).probes.map(chartedCurve)
    expect(rollout).toMatchObject({
      title: 'Pods Ready',
      marks: [
        { profile: 'untuned', valueMs: 78_123 },
        { profile: 'tuned', valueMs: 24_769 },
      ],
    })
    // The document timed `kubectl get rs`, not the deletions that this curve shows.
    expect(scaleDown).toMatchObject({ title: 'Pods remaining', marks: [] })
    expect(scaleDown?.lines).toHaveLength(4)
  })
})

describe('caveats', () => {
  it('should be silent when nothing went wrong', () => {
    expect(viewOf(sampleResult()).caveats).toEqual([])
  })

  it('should name every place where trust is lost, residue first', () => {
    const result = withProbe({ machineBusy: 0.97 })
    const arm = result.arms[1]
    if (arm?.probes[1] === undefined) throw new Error('the sample has a second arm with two probes')
    arm.residue = ['namespace a']
    arm.outcome = 'failed'
    arm.error = 'apiserver gone'
    arm.probes[1].pods = { ...arm.probes[1].pods, unexpected: 3, censored: 12, censoredWithinMs: 210 }
    arm.probes[1].stopsVagueByMs = { deleted: 40 }
    const caveats = viewOf(result).caveats.map(({ title, places }) => `${title}: ${places.join(' | ')}`)
    expect(caveats).toEqual([
      'Left behind or not restored: tuned #1: namespace a',
      'Arms that did not finish: tuned #1: apiserver gone',
      'Machine-bound: this machine was the limit, so these times are upper bounds: tuned #1: rollout, processors 97 % busy',
      'More pods than planned (replacements, evictions): tuned #1: scale-down, 3 pods',
      'The API server dropped our watch: tuned #1: scale-down, 12 pod events were seen up to 210 ms late',
      'May be too long: tuned #1: scale-down, deleted, by up to 40 ms',
    ])
  })

  it('should tell interrupted, failed and killed runs apart', () => {
    const result = sampleResult({ partial: true })
    expect(viewOf(result).partial).toBe('partial: unfinished')
    for (const outcome of ['interrupted', 'failed'] as const) {
      const arms = result.arms.map((arm, index): ArmOutcome => (index === 3 ? { ...arm, outcome } : arm))
      expect(viewOf({ ...result, arms }).partial).toBe(`partial: ${outcome}`)
    }
    expect(viewOf(sampleResult()).partial).toBeNull()
  })
})

describe('knobs', () => {
  it('should put what differs first and what was not applied apart', () => {
    const { differing, same, notApplied } = viewOf(sampleResult()).knobs
    expect(differing.map(({ id }) => id)).toContain('kubelet.kubeAPIQPS')
    expect(same.map(({ id }) => id)).toEqual(['kubelet.maxPods', 'etcd.quotaBackendBytes', 'etcd.snapshotCount'])
    expect(notApplied.map(({ id }) => id)).toEqual(['kubeProxy.ipvs.scheduler', 'host.nf_conntrack_max'])
  })

  it('should bring a knob forward when one repetition did not get its value', () => {
    const result = sampleResult()
    const knob = result.arms[2]?.knobs.find(({ id }) => id === 'etcd.snapshotCount')
    if (knob === undefined) throw new Error('the sample has this knob')
    knob.effective = 5000
    knob.status = 'differs'
    const view = viewOf(result)
    const found = view.knobs.differing.find(({ id }) => id === 'etcd.snapshotCount')
    expect(found?.cells[1]?.outcomes.map(({ repetitions, knob: { effective } }) => [repetitions, effective])).toEqual([
      [[1], 10_000],
      [[2], 5000],
    ])
    expect(view.caveats).toMatchObject([{ severity: 'bad', places: ['tuned #2: etcd.snapshotCount'] }])
  })

  it('should bring a knob forward when no arm could read it back', () => {
    const result = sampleResult()
    for (const arm of result.arms) {
      const knob = arm.knobs.find(({ id }) => id === 'etcd.snapshotCount')
      Object.assign(knob ?? {}, { effective: null, readFrom: null, status: 'unverified' })
    }
    expect(viewOf(result).knobs.differing.map(({ id }) => id)).toContain('etcd.snapshotCount')
  })

  it('should say whose note it is when only one profile has it', () => {
    const result = sampleResult()
    for (const arm of result.arms) {
      const knob = arm.knobs.find(({ id }) => id === 'kubelet.kubeAPIQPS')
      if (knob !== undefined && arm.profile === 'tuned') knob.note = 'raised'
    }
    expect(viewOf(result).knobs.differing.find(({ id }) => id === 'kubelet.kubeAPIQPS')?.notes).toEqual([
      'tuned: raised',
    ])
  })
})

function row(result: Result, title: string, stop: string): ComparisonRow {
  const found = viewOf(result)
    .probes.find((probe) => probe.title === title)
    ?.rows.find((one) => one.stop === stop)
  if (found === undefined) throw new Error(`no row ${title}, ${stop}`)
  return found
}

function tuned(repetition: number, available: number): ArmOutcome {
  const rollout = { created: 700, ready: 6900, available }
  return sampleArm('tuned', repetition, repetition + 1, { rollout, scaleDown: { rsCurrent: 500, deleted: 14_000 } })
}

/** What `tuned` made of `available` when its repetitions took these times. */
function tunedRollouts(times: (number | null)[]): ComparisonCell {
  const [baseline] = sampleResult().arms
  if (baseline === undefined) throw new Error('the sample has arms')
  const arms = times.map((available, index) => {
    const arm = tuned(index + 1, available ?? 0)
    const [rollout, ...others] = arm.probes
    if (rollout === undefined) throw new Error('the sample has probes')
    return { ...arm, probes: [{ ...rollout, stopsMs: { ...rollout.stopsMs, available } }, ...others] }
  })
  const cell = row(sampleResult({ arms: [baseline, ...arms] }), 'rollout 1 → 200', 'available').cells[1]
  if (cell === undefined) throw new Error('two profiles have two cells')
  return cell
}

/** The sample with the rollout of the first tuned arm changed. */
function withProbe(changes: { machineBusy: number }): Result {
  const result = sampleResult()
  Object.assign(result.arms[1]?.probes[0] ?? {}, changes)
  return result
}
