import type { CellUnit } from './cells.ts'

/** A figure that somebody else published, and where a plan of ours has it. */
export interface PublishedFigure {
  /** A plan in plans/experiments/published/, which says what was set, and what had to be guessed. */
  plan: string
  arm: string
  /** The name of a cell: `rollout ready`. */
  figure: string
  unit: CellUnit
  /** As it was published. */
  words: string
  /** The same as a number; two are a range. */
  value: number | readonly [number, number]
  source: string
  /** Why the simulation is off, or why it is not. */
  why: string
}

/** Something published that no plan can say. */
export interface NotExpressible {
  what: string
  source: string
  why: string
}

const kwok271 = 'https://github.com/kubernetes-sigs/kwok/issues/271'
const kwok1248 = 'https://github.com/kubernetes-sigs/kwok/issues/1248'
const eksAmi = 'https://github.com/awslabs/amazon-eks-ami/pull/1030'
const nodeDensity = 'https://github.com/kubernetes/kubernetes/issues/31143'
const densityReview = 'https://github.com/kubernetes/kubernetes/pull/22513'
const nvSentinel = 'https://github.com/NVIDIA/NVSentinel/pull/1789'
const agentSandbox = 'https://github.com/kubernetes-sigs/agent-sandbox/pull/1276'

const startRate = 'containers start at once in the simulation'

/** In the order in which they are printed. What is off stays in the list. */
export const publishedFigures: readonly PublishedFigure[] = [
  {
    plan: 'kwok271',
    arm: 'kind-defaults',
    figure: 'rollout available',
    unit: 'ms',
    words: '48.6 s',
    value: 48_600,
    source: kwok271,
    why: "bound by the controller-manager's limit: (998 - 30) / 20 = 48.4 s",
  },
  {
    plan: 'kwok1248',
    arm: 'kwokctl-defaults',
    figure: 'filled',
    unit: 'ms',
    words: 'around 2 min',
    value: 120_000,
    source: kwok1248,
    why: 'namespaces and the pace of creation are guesses',
  },
  {
    plan: 'kwok1248-50k',
    arm: 'kwokctl-defaults',
    figure: 'filled',
    unit: 'ms',
    words: 'almost 3 h',
    value: 10_800_000,
    source: kwok1248,
    why: 'nodes, namespaces and the pace of creation are guesses',
  },
  {
    plan: 'eks-qps',
    arm: 'q5',
    figure: 'rollout ready',
    unit: 'ms',
    words: '67.5 s',
    value: 67_500,
    source: eksAmi,
    why: `3.5 requests per pod were published, 4.3 simulated; ${startRate}`,
  },
  {
    plan: 'eks-qps',
    arm: 'q10',
    figure: 'rollout ready',
    unit: 'ms',
    words: '32.8 s',
    value: 32_800,
    source: eksAmi,
    why: '3.5 requests per pod were published, 3.3 simulated',
  },
  {
    plan: 'eks-qps',
    arm: 'q5',
    figure: 'rollout first',
    unit: 'ms',
    words: '22 s',
    value: 22_000,
    source: eksAmi,
    why: `${startRate}; the first pod waits for its token, and then for the other pods' status writes`,
  },
  {
    plan: 'eks-qps',
    arm: 'q10',
    figure: 'rollout first',
    unit: 'ms',
    words: '10 s',
    value: 10_000,
    source: eksAmi,
    why: 'the same',
  },
  {
    plan: 'node-density',
    arm: 'q5',
    figure: 'rollout ready',
    unit: 'ms',
    words: '~110 s',
    value: 110_000,
    source: nodeDensity,
    why: `${startRate}; in 2016, events counted towards the same limit`,
  },
  {
    plan: 'node-density',
    arm: 'q60',
    figure: 'rollout ready',
    unit: 'ms',
    words: '~60 s',
    value: 60_000,
    source: nodeDensity,
    why: `${startRate}; docker on one core took about 0.57 s per container`,
  },
  {
    plan: 'density-review',
    arm: 'q5',
    figure: 'rollout ready',
    unit: 'ms',
    words: '110 to 140 s',
    value: [110_000, 140_000],
    source: densityReview,
    why: `${startRate}; in 2016, events counted towards the same limit`,
  },
  {
    plan: 'density-review',
    arm: 'q100',
    figure: 'rollout ready',
    unit: 'ms',
    words: '~80 s',
    value: 80_000,
    source: densityReview,
    why: startRate,
  },
  {
    plan: 'lease-renewals',
    arm: 'stock',
    figure: 'idle PUT',
    unit: 'per second',
    words: '1,114.6/s',
    value: 1114.6,
    source: nvSentinel,
    why: 'a kubelet renews every 10 s; KWOK renewed every 22 s, because it was set to or because it fell behind',
  },
]

export const notExpressible: readonly NotExpressible[] = [
  {
    what: '4.5 pods per second and node, created and deleted on 20 nodes with kubelets at 50/100',
    source: agentSandbox,
    why: "a plan cannot keep creating and deleting pods, and the bottleneck was the nodes' disks, which hollow nodes do not have",
  },
  {
    what: '867 bytes in etcd for each lease renewal of 25,000 nodes',
    source: nvSentinel,
    why: 'a result does not break bytes down by kind of object; the model counts 492 bytes, for a Lease that was measured here at 0.8 KB of JSON',
  },
]
