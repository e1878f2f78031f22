import { join } from 'node:path'
import { makeFolder } from '../../base/files.ts'
import type { RenderedKnobs } from '../../tuning/render.ts'
import type { EtcdMember } from './arguments/etcd.ts'
import { etcdArguments, etcdName, etcdUrl, memberName } from './arguments/etcd.ts'
import { credentialsFor } from './connections.ts'
import type { RunningComponent, StartOptions } from './running.ts'
import { startComponent, untilReady } from './running.ts'

/** A member of an etcd cluster that answers. */
export type RunningEtcd = RunningComponent & EtcdMember

export interface EtcdOptions extends StartOptions {
  /** Flags, environment and priorities of etcd, and the resources that have an etcd cluster of their own. */
  knobs: RenderedKnobs
  /** Members of each etcd cluster: 1, 3 or 5. */
  members: number
}

/**
 * Starts the etcd clusters: one for each resource that the knobs split off, and one for everything else, which comes first. Resolves
 * when every member is ready, which takes a leader: /readyz reads through the quorum (etcd server/etcdserver/api/etcdhttp/health.go).
 * Throws as `untilReady` does.
 */
export async function startEtcds(options: EtcdOptions): Promise<RunningEtcd[]> {
  const { stateFolder, knobs, pki, ports, members } = options
  const clusters: EtcdMember[][] = []
  for (const resource of [undefined, ...knobs.etcdSplit]) {
    const cluster: EtcdMember[] = []
    for (let number = 1; number <= members; number++) {
      const name = memberName(etcdName(resource), number, members)
      const [clientPort, peerPort, dataDir] = [await ports.take(), await ports.take(), join(stateFolder, name)]
      cluster.push({ name, clientPort, peerPort, dataDir, ...(resource !== undefined && { resource }) })
    }
    clusters.push(cluster)
  }
  const running = await Promise.all(
    clusters.flatMap((cluster) =>
      cluster.map(async (member) => {
        makeFolder(member.dataDir, 0o700)
        const args = etcdArguments(member, cluster, pki, knobs.flags.etcd)
        const credentials = credentialsFor(etcdUrl(member), pki.ca.cert, pki.etcdClient)
        return {
          ...member,
          ...(await startComponent({ component: 'etcd', name: member.name, args, credentials }, options)),
        }
      }),
    ),
  )
  await Promise.all(running.map((etcd) => untilReady(etcd, '/readyz', options)))
  return running
}
