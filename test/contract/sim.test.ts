import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { calibrationSchema } from '../../src/result/calibration.ts'
import { simulatedTarget } from '../../src/targets/sim/index.ts'
import { root } from '../e2e/components.ts'
import type { ContractServer } from './suite.ts'
import { describeContract } from './suite.ts'

async function openSimForTests(): Promise<ContractServer> {
  const file = join(root, 'src', 'targets', 'sim', 'calibration.json')
  const calibration = calibrationSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
  const hardware = { controlPlaneCores: calibration.machine.cores, hosts: null }
  const target = simulatedTarget({ seed: 1, calibration, hardware })
  const { signal } = new AbortController()
  const cluster = await target.open({ armId: 'contract', knobs: [], signal })
  return {
    api: cluster.api,
    clock: cluster.clock,
    forgetHistory: async () => cluster.forgetHistory(),
    async startNodes(nodes) {
      const node = { cpu: 8, memory: '16Gi', containerStartDelayMs: 0 }
      const fleet = await cluster.startFleet({ nodes, nodesPerProcess: 50, node }, signal)
      return [...fleet.nodeNames]
    },
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  }
}

describeContract('on the simulated apiserver', openSimForTests)
