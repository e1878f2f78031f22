import { openClusterForTests } from '../../src/testing/simulated-cluster.ts'
import type { ContractServer } from './suite.ts'
import { describeContract } from './suite.ts'

async function openSimForTests(): Promise<ContractServer> {
  const cluster = await openClusterForTests()
  return {
    api: cluster.api,
    clock: cluster.clock,
    forgetHistory: async () => cluster.forgetHistory(),
    setOutOfSpace: async (isFull) => cluster.setOutOfSpace(isFull),
    async startNodes(nodes) {
      const node = { cpu: 8, memory: '16Gi' }
      const { signal } = new AbortController()
      const fleet = await cluster.startFleet({ nodes, nodesPerProcess: 50, node }, signal)
      return [...fleet.nodeNames]
    },
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  }
}

describeContract('on the simulated apiserver', openSimForTests)
