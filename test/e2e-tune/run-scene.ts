import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { controlPlaneFiles, controlPlaneTarget, healthUrls } from './control-plane.ts'
import type { During, Ended, Hosts } from './hosts.ts'
import { clustersText, createHosts, until } from './hosts.ts'
import type { Machine } from './machine.ts'

/** One machine with a whole control plane, which `tune` and runs change over ssh. */
export interface RunScene extends Pick<Hosts<string>, 'folder' | 'reports' | 'journal' | 'stop'> {
  /** ssh logs in as root. */
  cp: Machine
  clusters: string
  /** Runs `scale-test tune ...` on the machine's network. */
  tune(args: readonly string[], during?: During): Promise<Ended>
  /** Runs `scale-test run PLAN --target remote --clusters FILE ...` there. */
  run(plan: string, clusters: string, args?: readonly string[], during?: During): Promise<Ended>
  resume(run: string): Promise<Ended>
  /** Reads, as an administrator, what the API has at a path. */
  read(path: string): Promise<string>
  /** Everything that may differ once the machine has been restored, the processes of all components among it. */
  snapshot(): Promise<string>
  /** Waits until every component is well. */
  untilWell(): Promise<void>
}

const address = '10.77.0.13'

/** Boots it, and writes a clusters file as somebody does who has asked `tune discover`. */
export async function setRunScene(): Promise<RunScene> {
  const kubernetes = (folder: string) => join(folder, 'kubernetes')
  const hosts = await createHosts(async (folder) => ({
    cp: { address, user: 'root', ...(await controlPlaneFiles(kubernetes(folder), address)) },
  }))
  const { folder, reports, journal, sshConfig, stop } = hosts
  const { cp } = hosts.machines
  const target = controlPlaneTarget(kubernetes(folder), address)
  const clusters = join(folder, 'clusters.yaml')
  const administrator = join(import.meta.dirname, '..', 'e2e-remote', 'administrator.ts')
  const scene: RunScene = {
    folder,
    reports,
    journal,
    stop,
    cp,
    clusters,
    tune: (args, during) => hosts.scaleTest(['tune', ...args], during),
    run: (plan, file, args = [], during) =>
      hosts.scaleTest(['run', plan, '--target', 'remote', '--clusters', file, ...args], during),
    resume: (run) => hosts.scaleTest(['resume', run]),
    read: (path) => hosts.execute([process.execPath, administrator, target.kubeconfig, target.context, 'read', path]),
    snapshot: () => hosts.snapshot(cp),
    untilWell: () => hosts.untilWell(cp, healthUrls),
  }
  try {
    await hosts.boot()
    await scene.untilWell()
    // The apiserver is well some time before it has made its namespaces.
    let namespace = ''
    await until('there is a namespace kube-system', async () => {
      namespace = await scene.read('/api/v1/namespaces/kube-system')
    })
    const { uid } = JSON.parse(namespace).metadata
    writeFileSync(clusters, clustersText({ ...target, uid, sshConfig, hosts: await hosts.discover('cp') }))
    return scene
  } catch (error) {
    await stop()
    throw error
  }
}
