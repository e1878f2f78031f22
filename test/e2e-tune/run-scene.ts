import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { createAuthority } from '../../src/targets/local/pki.ts'
import type { Manifest } from '../e2e-remote/rights.ts'
import { controlPlaneFiles, controlPlaneTarget, healthUrls } from './control-plane.ts'
import type { During, Ended, Hosts } from './hosts.ts'
import { clustersText, createHosts, until } from './hosts.ts'
import type { Machine } from './machine.ts'
import { kubeletHealth, nodeFiles } from './node.ts'

/** One machine with a whole control plane and one that is its node, which `tune` and runs change over ssh. */
export interface RunScene extends Pick<Hosts<string>, 'folder' | 'reports' | 'journal' | 'stop'> {
  /** ssh logs in as root. */
  cp: Machine
  /** The same; its Node has its name. */
  node1: Machine
  clusters: string
  /** Runs `scale-test tune ...` on the machine's network. */
  tune(args: readonly string[], during?: During): Promise<Ended>
  /** Runs `scale-test run PLAN --target remote --clusters FILE ...` there. */
  run(plan: string, clusters: string, args?: readonly string[], during?: During): Promise<Ended>
  resume(run: string): Promise<Ended>
  cleanup(run: string, ...args: string[]): Promise<Ended>
  /** Reads, as an administrator, what the API has at a path. */
  read(path: string): Promise<string>
  /** Creates or changes these objects, as an administrator. */
  write(objects: readonly Manifest[]): Promise<void>
  /** What the kubelet of node1 says of its own configuration. */
  kubelet(): Promise<Record<string, unknown>>
  /** Everything that may differ once both machines have been restored, the processes of all components among it. */
  snapshot(): Promise<string>
  /** What `tune discover` prints of both machines. */
  discoverAll(): Promise<string>
  /** Waits until every component is well, and the node Ready. */
  untilWell(): Promise<void>
}

/** How long it may take to boot, or to stop. */
export const bootMs = 240_000
/** How long one test in it may take. */
export const testMs = 900_000
const addresses = { cp: '10.77.0.13', node1: '10.77.0.14' }
const nodeName = 'node1'

/** Boots them, and writes a clusters file as somebody does who has asked `tune discover`. */
export async function setRunScene(): Promise<RunScene> {
  const kubernetes = (folder: string) => join(folder, 'kubernetes')
  const hosts = await createHosts(async (folder) => {
    const authority = await createAuthority(join(kubernetes(folder), 'pki'), new Date())
    const controlPlane = await controlPlaneFiles(kubernetes(folder), addresses.cp, authority)
    const made = join(folder, 'node-files')
    mkdirSync(made)
    const node = await nodeFiles({
      name: nodeName,
      address: addresses.node1,
      apiserver: `https://${addresses.cp}:6443`,
      authority,
      folder: made,
    })
    const spec = (name: keyof typeof addresses) => ({ address: addresses[name], user: 'root' }) as const
    return { cp: { ...spec('cp'), ...controlPlane }, node1: { ...spec('node1'), ...node } }
  })
  const { folder, reports, journal, sshConfig, stop } = hosts
  const { cp, node1 } = hosts.machines
  const target = controlPlaneTarget(kubernetes(folder), addresses.cp)
  const clusters = join(folder, 'clusters.yaml')
  const administrator = join(import.meta.dirname, '..', 'e2e-remote', 'administrator.ts')
  const scene: RunScene = {
    folder,
    reports,
    journal,
    stop,
    cp,
    node1,
    clusters,
    tune: (args, during) => hosts.scaleTest(['tune', ...args], during),
    run: (plan, file, args = [], during) =>
      hosts.scaleTest(['run', plan, '--target', 'remote', '--clusters', file, ...args], during),
    resume: (run) => hosts.scaleTest(['resume', run]),
    cleanup: (run, ...args) => hosts.scaleTest(['cleanup', '--run', run, ...args]),
    read: (path) => hosts.execute([process.execPath, administrator, target.kubeconfig, target.context, 'read', path]),
    async write(objects) {
      const file = join(folder, 'objects.json')
      writeFileSync(file, JSON.stringify(objects))
      await hosts.execute([process.execPath, administrator, target.kubeconfig, target.context, 'apply', file])
    },
    async kubelet() {
      const { kubeletconfig } = JSON.parse(await scene.read(`/api/v1/nodes/${nodeName}/proxy/configz`))
      return kubeletconfig
    },
    snapshot: async () => [await hosts.snapshot(cp), await hosts.snapshot(node1)].join('\n'),
    async discoverAll() {
      const { said } = await hosts.scaleTest(['tune', 'discover', 'cp', 'node1', '--ssh-config', sshConfig])
      return said
    },
    async untilWell() {
      await hosts.untilWell(cp, healthUrls)
      await hosts.untilWell(node1, [kubeletHealth])
      await until('the node is Ready', async () => {
        const { status } = JSON.parse(await scene.read(`/api/v1/nodes/${nodeName}`))
        const isReady = ({ type, status }: { type: string; status: string }) => type === 'Ready' && status === 'True'
        if (!status.conditions.some(isReady)) throw new Error(JSON.stringify(status.conditions))
      })
    },
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
    const found = [...(await hosts.discover('cp')), ...(await hosts.discover('node1'))]
    writeFileSync(clusters, clustersText({ ...target, uid, sshConfig, hosts: found }))
    return scene
  } catch (error) {
    await stop()
    throw error
  }
}
