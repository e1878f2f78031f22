import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { medianOf } from '../../base/median.ts'
import { connectEndpoint } from '../../kube/http.ts'
import type { EtcdMember } from './arguments/etcd.ts'
import { peerUrl } from './arguments/etcd.ts'
import { credentialsFor } from './connections.ts'
import type { StartOptions } from './running.ts'

/**
 * Starts the relay through which members find each other: it passes on what comes to a member's `relayPort`, `delayMs` later in each
 * direction (components/peer-relay). Resolves when it listens; at once where no member has such a port.
 */
export async function startRelay(
  members: readonly EtcdMember[],
  delayMs: number,
  { binaryFolder, supervisor, signal }: StartOptions,
): Promise<void> {
  const address = (port: number) => `127.0.0.1:${port}`
  const routes = members.flatMap(({ relayPort, peerPort }) =>
    relayPort === undefined ? [] : [{ relayPort, peerPort }],
  )
  const [first] = routes
  if (first === undefined) return
  const relay = await supervisor.start({
    name: 'peer-relay',
    program: join(binaryFolder, 'peer-relay'),
    args: [
      `--delay=${delayMs}ms`,
      ...routes.map(({ relayPort, peerPort }) => `${address(relayPort)}=${address(peerPort)}`),
    ],
    stage: 'storage',
  })
  const accepts = async (ending: AbortSignal) => {
    const socket = connect(first.relayPort, '127.0.0.1')
    try {
      await once(socket, 'connect', { signal: ending })
    } finally {
      socket.destroy()
    }
  }
  await supervisor.waitUntilReady(relay, accepts, { timeoutMs: 10_000, signal })
}

const trips = 21

/**
 * How long a request to a member takes over the way that other members take, on a connection that is open: over all members. Theirs is a
 * little shorter, as it is answered by a program that does nothing else.
 */
export async function measureRoundTrip(
  members: readonly EtcdMember[],
  { pki, clock, signal }: Pick<StartOptions, 'pki' | 'clock' | 'signal'>,
): Promise<{ medianMs: number; leastMs: number }> {
  const tookMs: number[] = []
  for (const member of members) {
    const credentials = credentialsFor(peerUrl(member), pki.ca.cert, pki.etcdClient)
    await using peer = connectEndpoint({ credentials, clock, signal, connections: 1 })
    await peer.readText('/version')
    for (let trip = 0; trip < trips; trip++) {
      const startMs = clock.nowMs()
      await peer.readText('/version')
      tookMs.push(clock.nowMs() - startMs)
    }
  }
  return { medianMs: medianOf(tookMs) as number, leastMs: Math.min(...tookMs) }
}
