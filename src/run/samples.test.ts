import { describe, expect, it } from 'vitest'
import type { SampleLine } from '../result/sample-line.ts'
import { sampleLine } from '../result/sample-line.ts'
import { probesIn } from '../testing/outcomes.ts'
import { simulatedRun } from '../testing/simulated-runs.ts'

const written = `
workload:
  namespaces: 2
  sizeClasses: [{ name: all, share: 1, minimumPods: 1 }]
  pods: { total: 60, perDeployment: 10, image: pause }
  pace: { rate: 5 }
  timeout: 5m
probes:
  pod: { image: pause, serviceAccountToken: false }
  settle: 1s
  sequence: [{ name: rollout, from: 1, to: 20, timeout: 2m }]
`

describe('the samples of a run', () => {
  it('should let anybody draw what happened over time in each arm', async () => {
    const { result, samples } = await simulatedRun(written)
    expect(samples.map((line) => sampleLine.parse(line))).toEqual(samples)
    for (const arm of result.arms) {
      const own = samples.filter(({ armId }) => armId === arm.id)
      const ofKind = <Kind extends SampleLine['kind']>(kind: Kind) =>
        own.filter((line): line is Extract<SampleLine, { kind: Kind }> => line.kind === kind)
      const [began, ended] = [ofKind('step')[0], ofKind('step').at(-1)]
      expect(began).toMatchObject({ atMs: 0, event: 'began' })
      expect(ended).toMatchObject({ step: 'clean-up', event: 'ended' })
      const endMs = ended?.atMs ?? 0
      expect(own.filter(({ atMs }) => atMs < 0 || atMs > endMs + 1000)).toEqual([])

      expect(ofKind('node').filter(({ ready }) => ready)).toHaveLength(10)
      expect(ofKind('pods').map(({ probe, count }) => [probe, count])).toEqual([
        ['fill', 60],
        ['rollout', 20],
      ])
      // From its T0 until its last pod is Ready, as the report has it.
      const t0Ms = ofKind('phase').find(({ step, event }) => step === 'probe/rollout' && event === 'began')?.atMs ?? 0
      const readyMs = ofKind('pod').flatMap(({ probe, readyMs = Infinity }) => (probe === 'rollout' ? [readyMs] : []))
      expect(Math.max(...readyMs) - t0Ms).toBeCloseTo(probesIn(arm)[0]?.stopsMs.ready ?? 0, 2)

      const created = ofKind('requests').filter(({ verb, resource }) => verb === 'create' && resource === 'deployments')
      expect(created.reduce((sum, { count }) => sum + count, 0)).toBe(6 + 1)
      expect(arm.series).toContainEqual(
        expect.objectContaining({
          name: 'watch_lag_ms',
          distribution: expect.objectContaining({ count: ofKind('watch-lag').length }),
        }),
      )
      expect(ofKind('etcd-size').length).toBeGreaterThan(4)
      expect(ofKind('gap')).toEqual([])
    }
  })
})
