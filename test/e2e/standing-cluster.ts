import { mkdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import process from 'node:process'
import { expect } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { locateComponents } from '../../src/components/components.ts'
import type { KubeApi } from '../../src/kube/api.ts'
import type { Credentials } from '../../src/kube/credentials.ts'
import { connectKubeApi } from '../../src/kube/http.ts'
import { localComponents } from '../../src/targets/local/binaries.ts'
import { startControlPlane } from '../../src/targets/local/control-plane.ts'
import { startFleet } from '../../src/targets/local/fleet.ts'
import { writeKubeconfig } from '../../src/targets/local/kubeconfig.ts'
import { runMark } from '../../src/targets/local/leftovers.ts'
import type { KeyPair, Subject } from '../../src/targets/local/pki.ts'
import { createAuthority, issuePki } from '../../src/targets/local/pki.ts'
import { createPorts, parsePortRange } from '../../src/targets/local/ports.ts'
import { createSupervisor } from '../../src/targets/local/processes.ts'
import { startReaper } from '../../src/targets/local/reaper.ts'
import { knobById } from '../../src/tuning/find-knob.ts'
import { renderKnobs } from '../../src/tuning/render.ts'
import type { OperatedEtcd } from '../contract/etcd.ts'
import { etcdOf } from '../contract/etcd.ts'
import { root } from './components.ts'

/** A cluster of real components that is there whatever runs on it, as somebody else's. */
export interface StandingCluster extends AsyncDisposable {
  api: KubeApi
  etcd: OperatedEtcd
  /** An administrator's, for context `small`. */
  kubeconfig: string
  credentials: Credentials
  nodeNames: readonly string[]
  /** Issues a client certificate. */
  clientFor(subject: Subject): Promise<KeyPair>
}

/** Starts a control plane and two hollow nodes, whose files are in `folder`. */
export async function startStandingCluster(
  folder: string,
  options: { quotaBytes?: number } = {},
): Promise<StandingCluster> {
  const { signal } = new AbortController()
  const closing = new AbortController()
  const clock = systemClock
  const stateFolder = join(folder, 'state')
  const pkiFolder = join(stateFolder, 'pki')
  mkdirSync(stateFolder)
  const { folder: binaryFolder } = locateComponents(localComponents(join(root, 'components')), process.env)
  const clusterId = basename(folder).toLowerCase()
  // Should the test be killed, nothing of it is left.
  await startReaper({ runId: clusterId, stateFolder })
  const env = { PATH: process.env['PATH'] ?? '', [runMark]: clusterId }
  const supervisor = createSupervisor({ logFolder: join(folder, 'logs'), env, clock })
  const stop = async () => {
    closing.abort(new Error('the test is over'))
    expect(await supervisor.stop(3000)).toEqual([])
  }
  try {
    const authority = await createAuthority(pkiFolder, new Date())
    const pki = await issuePki(authority)
    const ephemeral = parsePortRange(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8'))
    const ports = createPorts(ephemeral, process.pid)
    const shared = { binaryFolder, stateFolder, pki, ports, supervisor, clock, signal, closed: closing.signal }
    const quota = knobById('etcd.quotaBackendBytes')
    if (quota === undefined) throw new Error('the knob is missing')
    const { quotaBytes } = options
    const knobs = renderKnobs(quotaBytes === undefined ? [] : [{ knob: quota, value: quotaBytes }])
    const { credentials: all } = await startControlPlane({ ...shared, knobs, apiservers: 1, etcd: { members: 1 } })
    const [credentials] = all
    const { server } = credentials
    const spec = { nodes: 2, nodesPerProcess: 2, node: { cpu: 8, memory: '16Gi' } }
    const api = connectKubeApi({ credentials, clock, signal: closing.signal })
    const fleet = await startFleet({
      ...shared,
      fleet: spec,
      kubeletConfiguration: {},
      environment: undefined,
      servers: [server],
      api,
    })
    const ca = pki.ca.cert
    return {
      api,
      etcd: etcdOf(clusterId, pkiFolder),
      kubeconfig: await writeKubeconfig(join(folder, 'kubeconfig'), { server, ca, name: 'small' }, pki.admin),
      credentials,
      nodeNames: fleet.nodeNames,
      clientFor: (subject) => authority.client(subject.commonName, subject),
      [Symbol.asyncDispose]: stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}
