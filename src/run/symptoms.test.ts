import { describe, expect, it } from 'vitest'
import { symptomsOutcome } from '../result/symptom.ts'
import { simulatedRun } from '../testing/simulated-runs.ts'

const probes = (settings: string) => `probes:
  pod: { image: registry.k8s.io/pause:3.10, serviceAccountToken: false }
  ${settings}`
const fill = `workload:
  namespaces: 4
  sizeClasses:
    - { name: large, share: 0.25, minimumPods: 10 }
    - { name: medium, share: 0.25, minimumPods: 4 }
    - { name: small, share: 0.5, minimumPods: 1 }
  pods: { total: 60, perDeployment: 4, image: registry.k8s.io/pause:3.10, mountingShare: 0.25 }
  services: 4
  configObjects: { podsPerConfigObject: 1, configmapsPerSecret: 4, configmapSize: 1KiB, secretSize: 1KiB }
  pace: { rate: 5/s }`
const step = '{ name: up, from: 1, to: 20, timeout: 1m }, { name: down, from: 20, to: 1, timeout: 1m }'

/** Runs in which nothing is slow: an idle fleet, a slow fill, a small rollout, whose pods a kubelet's burst is enough for. */
const quiet = [
  'steps: [{ observe: { name: idle, for: 3m } }]',
  fill,
  `${fill}\n${probes(`sequence: [${step}]`)}`,
  `simulation: { controlPlaneCores: 2 }\n${probes(`settle: 30s\n  sequence: [${step}]`)}`,
]
const seeds = [1, 2, 3, 4, 5]

describe('the symptoms of a simulated run', () => {
  it.each(quiet.flatMap((plan, index) => seeds.map((seed) => ({ plan, index, seed }))))(
    'should be none in quiet run $index with seed $seed',
    async ({ plan, seed }) => {
      const { result, samples, events } = await simulatedRun(`seed: ${seed}\n${plan}`)
      for (const { symptoms } of result.arms) {
        expect(symptoms?.readings).toBeGreaterThan(1)
        expect(symptoms).toMatchObject({ found: [], notRead: [] })
      }
      expect(samples.filter(({ kind }) => kind === 'symptom')).toEqual([])
      expect(events.filter(({ type }) => type === 'symptom')).toEqual([])
    },
  )

  it('should be those of client limits where 200 pods are started and stopped at 5 requests per second', async () => {
    const { result, samples, events } = await simulatedRun(
      `${probes('sequence: [{ name: rollout, from: 1, to: 200, timeout: 5m }]')}\nmetrics: { every: 5s }`,
    )
    const [untuned, tuned] = result.arms
    expect(tuned?.symptoms?.found).toEqual([])
    const found = symptomsOutcome.parse(untuned?.symptoms)
    const [rollout] = untuned?.steps ?? []
    const waiting = found.found.find(({ id }) => id === 'kubelet-client-limited')
    const [spell] = waiting?.spells ?? []
    expect(waiting?.knobs).toContain('kubelet.kubeAPIQPS')
    expect(spell?.fromMs).toBeGreaterThanOrEqual((rollout?.startMs ?? 0) - 5000)
    expect(spell?.toMs).toBeLessThanOrEqual((rollout?.endMs ?? 0) + 5000)
    const told = samples.filter((line) => line.kind === 'symptom')
    expect(told.find(({ symptom }) => symptom === 'kubelet-client-limited')).toMatchObject({
      armId: untuned?.id,
      event: 'began',
      fromMs: spell?.fromMs,
    })
    expect(events.filter(({ type }) => type === 'symptom')).toHaveLength(told.length)
    expect(found.activities.map(({ title }) => title)).toContain('Rollout 1 -> 200')
  })
})
