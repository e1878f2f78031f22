import { expect, it } from 'vitest'
import { simulatedRun } from '../testing/simulated-runs.ts'

const probes = 'probes: { pod: { image: pause, serviceAccountToken: false }, settle: 1s'
const sequence = 'sequence: [{ name: up, from: 1, to: 3, timeout: 1m }, { name: down, from: 3, to: 1, timeout: 1m }]'
const workload = '{ namespaces: 1, pods: { total: 4, perDeployment: 2 } }'

it.each([
  ['probes', `${probes}, ${sequence} }`],
  ['a fill and probes', `workload: ${workload}\n${probes}, ${sequence} }`],
  ['a fill alone', `steps: [{ fill: ${workload} }]`],
  ['observations alone', 'steps: [{ observe: 1s }, { observe: { name: again, for: 1s } }]'],
  [
    'steps in another order',
    `repetitions: 2\n${probes} }\nsteps: [{ probe: { name: up, from: 1, to: 3, timeout: 1m } }, { observe: 1s }, { fill: ${workload} }, { probe: { name: on, from: 3, to: 2, timeout: 1m } }]`,
  ],
])('should be what a run of %s then goes through, step by step (review 29)', async (_, written) => {
  const { events, result } = await simulatedRun(written)
  const outline = events.flatMap((event) => (event.type === 'run-started' ? event.outline : []))
  const started = Map.groupBy(
    events.filter((event) => event.type === 'step-started'),
    ({ armId }) => armId,
  )
  expect([...started].map(([armId, own]) => [armId, own.map(({ stepId }) => stepId)])).toEqual(
    outline.map(({ armId, steps }) => [armId, steps.map(({ stepId }) => stepId)]),
  )
  expect(result.verdict).toBe('pass')
})
