import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { until } from './hosts.ts'
import { describeWithSshHosts } from './requirements.ts'
import type { RunScene } from './run-scene.ts'
import { setRunScene } from './run-scene.ts'

const bootMs = 240_000
const testMs = 400_000

describeWithSshHosts('a control plane on an ssh host', () => {
  let scene: RunScene
  beforeAll(async () => {
    scene = await setRunScene()
  }, bootMs)
  afterAll(() => scene?.stop(), bootMs)

  it(
    'should have all components as the profile says, and then as they were, when tuned is applied and rolled back',
    async () => {
      const on = ['--clusters', scene.clusters]
      const profile = join(scene.folder, 'tuned-1.37.yaml')
      writeFileSync(profile, tunedProfile)
      const tuned = [...on, '--profile', profile]
      const section = readFileSync(scene.clusters, 'utf8')
      for (const component of ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'])
        expect(section).toMatch(new RegExp(`${component}:\n +unit: ${component}.service\n +health: http`))
      const before = await scene.snapshot()

      const planned = await scene.tune(['plan', ...tuned])
      expect(planned).toMatchObject({ status: 0 })
      expect(planned.said).toContain('not set: kubeProxy.mode: ')
      expect(await scene.snapshot()).toBe(before)

      const applied = await scene.tune(['apply', ...tuned, '--yes', '--health-budget', '60'])
      expect(applied.said).toContain('applied; undo it with')
      expect(applied.status).toBe(0)
      const after = await scene.snapshot()
      for (const [program, flags] of Object.entries(tunedFlags)) {
        const line = after.split('\n').find((one) => one.startsWith(`/opt/components/${program} `)) ?? ''
        for (const flag of flags) expect(`${line} `).toContain(` --${flag} `)
      }
      expect(after).toMatch(/^\/opt\/components\/etcd .* nice -20 best-effort: prio 0$/m)
      const verified = await scene.tune(['verify', ...tuned])
      expect(verified.said).toContain('cp kube-apiserver: as the profile says')
      expect(verified.status).toBe(0)

      const restored = await scene.tune(['rollback', ...on])
      expect(restored).toMatchObject({ status: 0 })
      await scene.untilWell()
      await until('it is as it was', async () => expect(await scene.snapshot()).toBe(before))
      expect(await scene.tune(['verify', ...tuned])).toMatchObject({ status: 1 })
    },
    testMs,
  )
})

const tunedProfile = `name: tuned-1.37
description: Tuned, but for what this version's programs refuse
extends: tuned
set:
  - { knob: controllerManager.concurrentServiceSyncs, value: null, because: 1.37 no longer has the flag }
`

/** Some of what profiles/tuned.yaml means to each program; to the scheduler it means nothing. */
const tunedFlags = {
  etcd: ['heartbeat-interval=250', 'election-timeout=1250', 'snapshot-count=5000', 'auto-compaction-retention=1000'],
  'kube-apiserver': ['default-not-ready-toleration-seconds=30', 'default-unreachable-toleration-seconds=30'],
  'kube-controller-manager': ['node-monitor-period=2s', 'kube-api-qps=500', 'concurrent-namespace-syncs=100'],
}
