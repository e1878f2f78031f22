import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { withTimeLimit } from '../../base/abort.ts'
import { atOnce } from '../../base/at-once.ts'
import { plural } from '../../base/count.ts'
import { makeFolder, readTextFile, writeFileWhole } from '../../base/files.ts'
import type { KubeApi } from '../../kube/api.ts'
import { isApiStatus } from '../../kube/api.ts'
import { connectEndpoint } from '../../kube/http.ts'
import { kubeletFile } from '../../tuning/render.ts'
import type { FleetSpec } from '../target.ts'
import type { NodePack } from './arguments/hollow-node.ts'
import { hollowNodeArguments, nodeNames } from './arguments/hollow-node.ts'
import { kubeletCredentials } from './connections.ts'
import { writeKubeconfig } from './kubeconfig.ts'
import type { RunningProcess } from './processes.ts'
import type { RunningComponent, StartOptions } from './running.ts'

export interface FleetOptions extends StartOptions {
  fleet: FleetSpec
  /** Fields of a KubeletConfiguration, the same for all nodes. */
  kubeletConfiguration: Readonly<Record<string, unknown>>
  /** Of every hollow process. */
  environment: Readonly<Record<string, string>> | undefined
  /** `https://127.0.0.1:port` of each apiserver: processes are dealt out to them in turn. */
  servers: readonly string[]
  /** Where the nodes register. */
  api: Pick<KubeApi, 'get'>
}

/** Hollow nodes that run. */
export interface RunningFleet {
  nodeNames: readonly string[]
  /** The kubelet that probes are pinned to, alone in its process. */
  probe: RunningComponent
  processes: number
}

/** The first node alone, for its metrics to be its own, the others `nodesPerProcess` to a process. */
export function packNodes({ nodes, nodesPerProcess }: Pick<FleetSpec, 'nodes' | 'nodesPerProcess'>): NodePack[] {
  const packs: NodePack[] = [{ first: 0, count: 1 }]
  for (let first = 1; first < nodes; first += nodesPerProcess) {
    packs.push({ first, count: Math.min(nodesPerProcess, nodes - first) })
  }
  return packs
}

/**
 * How long the next process waits for the nodes of the one before to register. Started all at once, the kubelets of 1000 nodes kept two cores
 * so busy with TLS handshakes that these timed out, were tried again, and never ended.
 */
const registrationMs = 30_000
const lookMs = 200

/**
 * Starts the hollow nodes, a few processes at a time, until all of their kubelets run. Throws
 * `Failure` when a process cannot be started or dies, and the signal's reason when it aborts: however long it takes until then.
 */
export async function startFleet(options: FleetOptions): Promise<RunningFleet> {
  const { fleet, servers, api, binaryFolder, stateFolder, pki, ports, supervisor, clock, signal, closed } = options
  const folder = join(stateFolder, 'hollow')
  makeFolder(folder, 0o700)
  const kubeconfigs = await Promise.all(
    servers.map((server, index) =>
      writeKubeconfig(join(folder, `kubeconfig-${index + 1}`), { server, ca: pki.ca.cert }),
    ),
  )
  let dealt = 0
  const configFile = join(folder, 'kubelet.json')
  writeFileWhole(configFile, `${JSON.stringify(kubeletFile(options.kubeletConfiguration), null, 2)}\n`)

  const startPack = async (pack: NodePack, port?: number): Promise<RunningProcess> => {
    const name = packName(pack)
    const stdoutFile = join(folder, `${name}.stdout`)
    const process = await supervisor.start({
      name,
      program: join(binaryFolder, 'hollow-node'),
      args: hollowNodeArguments({
        pack,
        node: fleet.node,
        kubeconfig: kubeconfigs[dealt++ % kubeconfigs.length] ?? '',
        configFiles: [configFile],
        // Short however deep the run's folder is: a socket's path is limited to 107 characters.
        root: `/proc/self/cwd/${name}`,
        pki,
        // Nobody asks the other nodes anything.
        ...(port !== undefined && { port }),
      }),
      cwd: folder,
      env: options.environment,
      stdoutFile,
      stage: 'nodes',
    })
    const hasStarted = async () => {
      if (!readTextFile(stdoutFile).includes('"event":"started"'))
        throw new Error(`not all of ${plural(pack.count, 'node')} started`)
    }
    await supervisor.waitUntilReady(process, hasStarted, { signal })
    return process
  }

  const registered = (pack: NodePack) =>
    withTimeLimit({ clock, limitMs: registrationMs }, async (late) => {
      for (const name of nodeNames(pack)) {
        while (!late.aborted && !(await isRegistered(api, name))) await clock.sleep(lookMs, signal)
      }
    })
  const [probePack, ...otherPacks] = packNodes(fleet) as [NodePack, ...NodePack[]]
  const probePort = await ports.take()
  const probe = await startPack(probePack, probePort)
  await atOnce(availableParallelism(), otherPacks, async (pack) => {
    await startPack(pack)
    if (pack !== otherPacks.at(-1)) await registered(pack)
  })
  return {
    nodeNames: [probePack, ...otherPacks].flatMap(nodeNames),
    probe: {
      ...probe,
      component: 'kubelet',
      endpoint: connectEndpoint({
        credentials: kubeletCredentials(`https://127.0.0.1:${probePort}`),
        clock,
        signal: closed,
      }),
    },
    processes: 1 + otherPacks.length,
  }
}

async function isRegistered(api: Pick<KubeApi, 'get'>, name: string): Promise<boolean> {
  try {
    await api.get({ resource: 'nodes', name })
    return true
  } catch (error) {
    if (isApiStatus(error, 404)) return false
    throw error
  }
}

function packName(pack: NodePack): string {
  const [first = ''] = nodeNames(pack)
  return pack.count === 1 ? first : `${first}-to-${pack.first + pack.count - 1}`
}
