import { expect, it } from 'vitest'
import { filledResult } from '../../testing/filled-results.ts'
import { fillIn, probesIn, stepsDone } from '../../testing/outcomes.ts'
import { viewFor } from '../../testing/reports.ts'

it('should show the steps of reports in the order that arms took them', () => {
  const result = filledResult()
  for (const arm of result.arms) {
    const [fill, ...probes] = stepsDone(fillIn(arm), probesIn(arm))
    const watched = {
      durationMs: 1000,
      notRead: [],
      clientRetries: { count: 0, waitedMs: 0 },
      eventLoopDelayMaxMs: 1,
      machineBusy: 0.1,
    }
    const [rollout, scaleDown] = probes
    if (fill === undefined || rollout === undefined || scaleDown === undefined)
      throw new Error('the sample has three steps')
    arm.steps = [
      rollout,
      { kind: 'observe', name: 'between', at: 'steps[1].observe', outcome: watched },
      scaleDown,
      fill,
    ]
  }
  expect(viewFor(result).steps.map(({ name }) => name)).toEqual(['rollout', 'between', 'scale-down', 'fill'])
})
