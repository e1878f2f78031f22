import { createServer } from 'node:http'
import process from 'node:process'
import { systemClock } from '../../src/base/clock.ts'
import { messageOf } from '../../src/base/errors.ts'
import type { Supervisor } from '../../src/targets/local/processes.ts'
import { createSupervisor } from '../../src/targets/local/processes.ts'
import type { ControlPlane } from './control-plane.ts'
import { prepareControlPlane } from './control-plane.ts'
import type { Settings } from './layout.ts'
import { hostsOf, logFolder, socketFile } from './layout.ts'
import { startMachine } from './machine.ts'
import { say } from './messages.ts'
import { createNetwork } from './network.ts'
import { readSettings } from './settings.ts'

// Runs inside of the namespaces and starts everything in them. Ends with its standard input: nothing has to be stopped,
// since all processes of the namespaces end with it.

const clock = systemClock
const env = { PATH: `/usr/sbin:/usr/bin:/sbin:/bin:${process.env['PATH'] ?? ''}`, HOME: '/root' }

process.env['PATH'] = env.PATH
process.stdin.on('end', () => process.exit(0)).resume()

try {
  await start(readSettings(process.argv[2] ?? ''))
} catch (error) {
  fail(error)
}

async function start(settings: Settings): Promise<void> {
  const { folder, binaries } = settings
  const { signal } = new AbortController()
  const supervise = () => {
    const supervisor = createSupervisor({ logFolder: logFolder(folder), env, clock })
    supervisor.broken.addEventListener('abort', () => fail(supervisor.broken.reason))
    return supervisor
  }
  await createNetwork()
  const common = { folder, binaries, clock, signal }
  const [host, target] = await Promise.all([
    prepareControlPlane({ name: 'host', ...common }),
    prepareControlPlane({ name: 'target', ...common }),
  ])
  const supervisor = supervise()
  const hosts = hostsOf(settings)
  const starting = hosts.map((own) => {
    const others = hosts.filter((other) => other !== own)
    return startMachine({ host: own, others, settings, supervisor, signal })
  })
  const hostIsUp = bringUp(host, supervisor, supervisor)
  let servers = supervise()
  const targetIsUp = bringUp(target, supervisor, servers)
  await hostIsUp
  await Promise.all(
    starting.map(async (machine, index) => {
      const kubelet = await (await machine).join(host.authority)
      const isReady = async () => {
        const node = JSON.parse(await host.read(`/api/v1/nodes/${hosts[index]?.name}`))
        const ready = node.status.conditions.find(({ type }: { type: string }) => type === 'Ready')
        if (ready?.status !== 'True') throw new Error(ready?.message ?? 'no condition yet')
        if (node.spec.taints !== undefined) throw new Error('it is Ready, but no pod may go there yet')
      }
      await supervisor.waitUntilReady(kubelet, isReady, { timeoutMs: 60_000, signal })
    }),
  )
  await targetIsUp

  const retune = async (profile: string) => {
    const flags = settings.profiles[profile]
    if (flags === undefined)
      throw new Error(`no profile ${profile}; there are: ${Object.keys(settings.profiles).join(', ')}`)
    await servers.stop(5000)
    servers = supervise()
    await target.startServers(servers, flags)
  }
  await serve(socketFile(folder), retune)
  say({ event: 'ready', uids: { host: await uidOf(host), target: await uidOf(target) } })
}

async function bringUp(cluster: ControlPlane, supervisor: Supervisor, servers: Supervisor): Promise<void> {
  await cluster.startStorage(supervisor)
  await cluster.startServers(servers)
  await cluster.startScheduler(supervisor)
}

async function uidOf(cluster: ControlPlane): Promise<string> {
  return JSON.parse(await cluster.read('/api/v1/namespaces/kube-system')).metadata.uid
}

/** Takes `POST /retune/<profile>`, one at a time. */
async function serve(socket: string, retune: (profile: string) => Promise<void>): Promise<void> {
  let last = Promise.resolve()
  const server = createServer((request, response) => {
    const profile = /^\/retune\/(.+)$/.exec(request.url ?? '')?.[1]
    if (request.method !== 'POST' || profile === undefined) {
      response.writeHead(404).end()
      return
    }
    last = last
      .then(() => retune(decodeURIComponent(profile)))
      .then(
        () => void response.writeHead(204).end(),
        (error: unknown) => void response.writeHead(500).end(messageOf(error)),
      )
  })
  await new Promise<void>((resolve) => server.listen(socket, resolve))
}

function fail(error: unknown): never {
  say({ event: 'failed', message: messageOf(error) })
  process.exit(1)
}
