import type { Random } from '../../src/base/random.ts'
import { createRandom } from '../../src/base/random.ts'

/** Client limits of an arm: requests a second, and how many at once. */
export interface DrawnSettings {
  kubelet: { qps: number; burst: number }
  controllerManager: { qps: number; burst: number; syncs: number }
}

/** How many arms are drawn, and how often each runs: what a quiet quarter of an hour allows. */
const arms = 3
const repetitions = 2

/** Settings that nobody chose: each between its bounds, as likely to be twice as much as half as much. The same seed draws the same. */
export function drawSettings(seed: number): DrawnSettings[] {
  const random = createRandom(seed, 'fidelity')
  return Array.from({ length: arms }, () => ({
    kubelet: drawLimits(random, 5, 200),
    controllerManager: { ...drawLimits(random, 20, 500), syncs: logUniform(random, 5, 50) },
  }))
}

/** Bursts are one to two times the rate, as people set them. */
function drawLimits(random: Random, min: number, max: number) {
  const qps = logUniform(random, min, max)
  return { qps, burst: logUniform(random, qps, 2 * qps) }
}

/** A whole number from `min` to `max`, whose logarithm is as likely anywhere between theirs. */
export function logUniform(random: Random, min: number, max: number): number {
  const share = random.integer(0, 1_000_000) / 1_000_000
  return Math.round(min * (max / min) ** share)
}

/** What results call the plan of a seed. */
export function drawnPlanName(seed: number): string {
  return `fidelity-drawn-${seed}`
}

function drawnArmName(index: number): string {
  return `drawn-${index + 1}`
}

/** The drawn settings, one line for each arm. */
export function drawnText(seed: number): string {
  const lines = drawSettings(seed).map(
    ({ kubelet, controllerManager: { qps, burst, syncs } }, index) =>
      `  ${drawnArmName(index)}: kubelet ${kubelet.qps}/${kubelet.burst}, controller-manager ${qps}/${burst}, ${syncs} syncs`,
  )
  return `drawn from seed ${seed}:\n${lines.join('\n')}\n`
}

/** A plan of the drawn arms, as a file: 1 -> 200 -> 1 pods on one node, like the plan `fidelity`. */
export function drawnPlan(seed: number): string {
  const because = `drawn from seed ${seed}`
  return JSON.stringify(
    {
      apiVersion: 'scale-test/v1',
      name: drawnPlanName(seed),
      description: `What the simulation is checked against, 1 -> 200 -> 1 pods on one node, settings ${because}`,
      seed,
      repetitions,
      fleet: { nodes: 2, node: { cpu: 32, memory: '64Gi' } },
      arms: drawSettings(seed).map(({ kubelet, controllerManager: { qps, burst, syncs } }, index) => ({
        name: drawnArmName(index),
        profile: 'untuned',
        set: [
          { knob: 'kubelet.maxPods', value: 500, because: '200 pods do not fit on a node of 110' },
          { knob: 'kubelet.kubeAPIQPS', value: kubelet.qps, because },
          { knob: 'kubelet.kubeAPIBurst', value: kubelet.burst, because },
          { knob: 'controllerManager.kubeApiQps', value: qps, because },
          { knob: 'controllerManager.kubeApiBurst', value: burst, because },
          { knob: 'controllerManager.concurrentReplicasetSyncs', value: syncs, because },
          { knob: 'controllerManager.concurrentDeploymentSyncs', value: syncs, because },
        ],
      })),
      probes: {
        pod: { image: 'registry.k8s.io/pause:3.10', serviceAccountToken: false },
        settle: '10s',
        sequence: [
          { name: 'rollout', from: 1, to: 200, timeout: '5m' },
          { name: 'scale-down', from: 200, to: 1, timeout: '5m' },
        ],
      },
    },
    null,
    2,
  )
}
