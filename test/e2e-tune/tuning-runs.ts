import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { pauseImage } from '../e2e-remote/images.ts'
import { until } from './hosts.ts'
import type { RunScene } from './run-scene.ts'

/** Runs that tune the hosts of a scene. */
export interface TuningRuns {
  /** Writes a clusters file by which a run tunes the hosts of a section, and a plan. */
  files(options: { plan: string; deadMan: string; section: string }): { clusters: string; plan: string }
  /** The name of the newest run. */
  newest(): string
  /** Waits until the newest run measures an arm. */
  measuring(arm: string): Promise<void>
}

/** A plan of both arms in which nothing happens. */
export const idlePlan = `apiVersion: scale-test/v1
name: idle
target: remote
fleet: { source: none, nodes: 1, node: { cpu: 1, memory: 1Gi } }
probes:
  node: { name: node1 }
  pod: { image: '${pauseImage}', serviceAccountToken: false }
steps:
  - observe: { name: idle, for: 10s }
arms:
  - profile: untuned
  - profile: tuned
    set:
      - { knob: etcd.splitByResource, value: null, because: there is one etcd }
`

/** The runs of a scene whose plans are named `idle`. */
export function tuningRuns(scene: RunScene): TuningRuns {
  const newest = () =>
    readdirSync(scene.reports)
      .filter((name) => name.startsWith('idle-'))
      .sort()
      .at(-1) ?? ''
  return {
    files({ plan: text, deadMan, section }) {
      const clusters = join(scene.folder, 'tuned-clusters.yaml')
      const tuneHosts = `  tuneHosts: { healthBudget: 1m, deadMan: ${deadMan} }\n`
      writeFileSync(clusters, `${readFileSync(section, 'utf8').trimEnd()}\n${tuneHosts}`)
      const plan = join(scene.folder, 'idle.yaml')
      writeFileSync(plan, text)
      return { clusters, plan }
    },
    newest,
    measuring: (arm) =>
      until(`it measures ${arm}`, async () => {
        const journal = readFileSync(join(scene.reports, newest(), 'journal.ndjson'), 'utf8')
        expect(journal).toMatch(new RegExp(`"type":"step-started","armId":"${arm}","stepId":"observe`))
      }),
  }
}
