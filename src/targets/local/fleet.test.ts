import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ApiError } from '../../kube/api.ts'
import { createVirtualClock } from '../../testing/virtual-clock.ts'
import { nodeNames } from './arguments/hollow-node.ts'
import type { FleetOptions } from './fleet.ts'
import { packNodes, startFleet } from './fleet.ts'
import { createPki } from './pki.ts'

describe('packNodes', () => {
  it.each([
    [1, 50, [[0, 1]]],
    [
      2,
      50,
      [
        [0, 1],
        [1, 1],
      ],
    ],
    [
      102,
      50,
      [
        [0, 1],
        [1, 50],
        [51, 50],
        [101, 1],
      ],
    ],
  ])('should keep the first node alone when %i nodes run %i to a process', (nodes, nodesPerProcess, expected) => {
    expect(packNodes({ nodes, nodesPerProcess }).map(({ first, count }) => [first, count])).toEqual(expected)
  })

  it('should have every node once when there are 5000', () => {
    const names = packNodes({ nodes: 5000, nodesPerProcess: 50 }).flatMap(nodeNames)
    expect(new Set(names).size).toBe(5000)
    expect(names).toHaveLength(5000)
  })
})

describe('startFleet', () => {
  const processes = availableParallelism() + 1

  /** When each process was started, of one more than are started at a time; a node registers so long after its process, or never. */
  async function startsMs(registrationMs: number): Promise<Map<string, number>> {
    const folder = mkdtempSync(join(tmpdir(), 'fleet-'))
    const clock = createVirtualClock(0)
    const started = new Map<string, number>()
    try {
      const options = {
        fleet: { nodes: processes + 1, nodesPerProcess: 1, node: { cpu: 1, memory: '1Gi' } },
        kubeletConfiguration: {},
        environment: undefined,
        servers: ['https://127.0.0.1:1'],
        api: {
          async get({ name }: { name: string }) {
            if (clock.nowMs() < (started.get(name) ?? 0) + registrationMs)
              throw new ApiError(404, 'NotFound', 'not found')
            return {}
          },
        },
        binaryFolder: folder,
        stateFolder: folder,
        pki: await createPki(join(folder, 'pki'), new Date()),
        ports: { take: async () => 10_000 },
        supervisor: {
          async start({ name }: { name: string }) {
            started.set(name, clock.nowMs())
            return { name }
          },
          waitUntilReady: async () => {},
        },
        clock,
        signal: new AbortController().signal,
        closed: new AbortController().signal,
      }
      await startFleet(options as unknown as FleetOptions)
      return started
    } finally {
      rmSync(folder, { recursive: true })
    }
  }

  it('should start the next process when the nodes of an earlier one have registered', async () => {
    const times = [...(await startsMs(5000)).values()]
    expect(times.slice(0, -1)).toEqual(Array(processes).fill(0))
    expect(times.at(-1)).toBe(5000)
  })

  it('should go on without nodes that do not register', async () => {
    expect([...(await startsMs(Number.POSITIVE_INFINITY)).values()].at(-1)).toBeGreaterThanOrEqual(30_000)
  })
})
