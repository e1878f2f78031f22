import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import type { Plan } from '../plan/plan.ts'
import { measureRun, measureWhatIf } from './measure-hint.ts'

const small = { fleet: { hosts: 1 } } as Plan
const big = { fleet: { hosts: 45 } } as Plan

describe('measureRun', () => {
  it('should be the command that was typed, with a target that has what the plan needs', () => {
    expect(measureRun(small, 'single-node', {})).toBe('make scale-test PLAN=single-node TARGET=local')
    expect(measureRun(big, '5k-nodes', { repeat: 3 })).toBe(
      'make scale-test PLAN=5k-nodes TARGET=remote CLUSTERS=clusters.yaml REPEAT=3',
    )
    expect(measureRun(small, 'single-node', { kubernetes: '1.36' })).toBe(
      'make scale-test PLAN=single-node TARGET=local KUBERNETES=1.36',
    )
    expect(measureRun(small, 'a.yaml', { set: ['seed=4'], kubernetes: '1.36' })).toBe(
      'npm run scale-test -- run a.yaml --target local --kubernetes 1.36 --set seed=4',
    )
    expect(measureRun(small, 'a.yaml', { set: ['seed=4'], repeat: 2 })).toBe(
      'npm run scale-test -- run a.yaml --target local --repeat 2 --set seed=4',
    )
  })

  it('should give back every word to a shell as it was', () => {
    const odd = `my "plan" it's; $HOME \`id\`.yaml`
    const words = execFileSync(
      'sh',
      ['-c', `set -- ${measureRun(small, odd, { set: [odd] })}; for word; do echo "$word"; done`],
      {
        encoding: 'utf8',
      },
    )
    expect(words.trimEnd().split('\n')).toEqual([
      'npm',
      'run',
      'scale-test',
      '--',
      'run',
      odd,
      '--target',
      'local',
      '--set',
      odd,
    ])
  })

  it('should not exist for what nobody can measure', () => {
    const faulty = { ...small, faults: { seed: 1, kinds: [] } } as unknown as Plan
    expect(measureRun(faulty, 'experiments/faults', {})).toBeUndefined()
    expect(measureWhatIf(faulty, 'experiments/faults', { vary: ['seed=1,2'] })).toBeUndefined()
  })
})

describe('measureWhatIf', () => {
  it('should say what varies', () => {
    expect(measureWhatIf(small, 'smoke', { vary: ['kubelet.kubeAPIQPS=5,50'], profile: 'untuned' })).toBe(
      'npm run scale-test -- what-if smoke --vary kubelet.kubeAPIQPS=5,50 --profile untuned --target local',
    )
  })
})
