import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import process from 'node:process'
import { systemClock } from '../../src/base/clock.ts'
import { localTarget } from '../../src/targets/local/index.ts'
import type { Knob } from '../../src/tuning/knob.ts'
import { describeWithComponents, root } from '../e2e/components.ts'
import { etcdOf } from './etcd.ts'
import type { ContractServer } from './suite.ts'
import { describeContract } from './suite.ts'

/** A watch cache remembers 75 s at least, whatever etcd has forgotten; without one, the apiserver asks etcd. */
const uncached: Knob = {
  id: 'contract.watchCacheSizes',
  component: 'kube-apiserver',
  setting: { via: 'flag', flag: 'watch-cache-sizes' },
  type: { kind: 'resources' },
  stock: null,
  readBack: { from: 'nowhere' },
}

async function openLocal(): Promise<ContractServer> {
  const folder = mkdtempSync(join(tmpdir(), 'scale-test-contract-'))
  const runId = basename(folder).toLowerCase()
  const { signal } = new AbortController()
  const armId = 'contract'
  const componentsSource = join(root, 'components')
  const target = localTarget({ runId, runFolder: folder, componentsSource, env: process.env, clock: systemClock })
  const cluster = await target.open({
    arm: { id: armId, name: armId, repetition: 1 },
    knobs: [{ knob: uncached, value: 'secrets#0' }],
    signal,
  })
  const etcd = etcdOf(runId, join(folder, 'state', armId, 'pki'))
  return {
    api: cluster.api,
    clock: cluster.clock,
    forgetHistory: () => etcd.compact(),
    setOutOfSpace: (isFull) => etcd.setAlarm(isFull),
    async startNodes(nodes) {
      const node = { cpu: 8, memory: '16Gi' }
      const fleet = await cluster.startFleet({ nodes, nodesPerProcess: 50, node }, signal)
      return [...fleet.nodeNames]
    },
    async [Symbol.asyncDispose]() {
      try {
        await cluster[Symbol.asyncDispose]()
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    },
  }
}

describeWithComponents('the API of target local', () => {
  describeContract('on kube-apiserver', openLocal)
})
