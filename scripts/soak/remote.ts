import { join } from 'node:path'
import { systemClock } from '../../src/base/clock.ts'
import { setScene } from '../../test/e2e-remote/scene.ts'
import type { Ground, SoakOptions } from './kills.ts'
import { soakKills } from './kills.ts'
import type { MachineState } from './machine.ts'
import { changesBetween } from './machine.ts'

/**
 * Kills runs on the two clusters of the end-to-end test of target remote, and compares every object of both, by UID, and what their servers
 * were started with.
 */
export async function soakRemote(options: SoakOptions): Promise<boolean> {
  await using scene = await setScene()
  const { cluster } = scene
  scene.writeClusters({ host: cluster.host.uid, target: cluster.target.uid })
  const clusters = join(scene.folder, 'clusters.yaml')
  const program = (args: readonly string[]) => `exec node src/start.cjs ${args.map((word) => `'${word}'`).join(' ')}`
  const ground: Ground = {
    // Kubelets look for what is to be removed every few seconds.
    patienceMs: 60_000,
    reports: join(scene.folder, 'reports'),
    run: ['run', join(import.meta.dirname, 'remote-plan.yaml'), '--target', 'remote', '--clusters', clusters],
    cleanup: (runId) => ['cleanup', '--clusters', clusters, ...(runId === undefined ? [] : ['--run', runId])],
    start(args) {
      const killing = new AbortController()
      let said = ''
      const ended = scene.follow(program(args), { signal: killing.signal }).then(
        ({ status, stdout, stderr }) => {
          said = `${stdout}${stderr}`
          return status
        },
        async () => {
          // What nsenter started ends a moment after nsenter.
          await systemClock.sleep(200)
          return null
        },
      )
      return { kill: () => killing.abort(), ended, said: () => said }
    },
    async state() {
      const contents = Object.entries(await scene.contents())
      const objects = contents.map(([ref, object]) => `${ref} ${JSON.stringify(object)}`)
      const servers = (await scene.servers()).split('\n')
      const { processes, cgroups } = cluster.inspect()
      return new Set([
        ...objects.map((object) => `object ${object}`),
        ...servers.map((line) => `server ${line}`),
        ...processes.map((line) => `process ${line}`),
        // Those above them, a kubelet makes for its first pod and keeps.
        ...cgroups.filter((path) => path.includes('/pod')).map((path) => `cgroup ${path}`),
      ])
    },
    isShared: true,
  }
  await settle(ground)
  return await soakKills(ground, options)
}

/** Waits until the controllers and kubelets of new clusters have made what they make by themselves. */
async function settle(ground: Ground): Promise<void> {
  let last: MachineState = new Set()
  for (;;) {
    const next = await ground.state(undefined)
    if (changesBetween(last, next).length === 0) return
    last = next
    await systemClock.sleep(settledMs)
  }
}

/** A kubelet renews its lease, and looks at its pods, more often than that. */
const settledMs = 10_000
