import { once } from 'node:events'
import { createServer } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createPorts, parsePortRange } from './ports.ts'

const ephemeral = { low: 32_768, high: 60_999 }
const allFree = async () => true

describe('parsePortRange', () => {
  it('should read what the kernel writes when it is the default', () => {
    expect(parsePortRange('32768\t60999\n')).toEqual(ephemeral)
  })
})

describe('parsePortRange, whatever the file says', () => {
  it('should give two numbers: those in it, or the kernel’s own', () => {
    fc.assert(
      fc.property(fc.nat(65_535), fc.nat(65_535), fc.string(), (low, high, text) => {
        expect(parsePortRange(`${low}\t${high}\n`)).toEqual({ low, high })
        const { low: from, high: to } = parsePortRange(text)
        expect(Number.isNaN(from + to)).toBe(false)
      }),
    )
  })
})

describe('createPorts', () => {
  it('should give each port once and none that outgoing connections take, until there are no more', async () => {
    const ports = createPorts(ephemeral, 12_345, allFree)
    const taken = new Set<number>()
    const expected = 32_768 - 10_000 + (65_535 - 60_999)
    for (let count = 0; count < expected; count++) taken.add(await ports.take())
    expect(taken.size).toBe(expected)
    expect([...taken].filter((port) => port >= ephemeral.low && port <= ephemeral.high)).toEqual([])
    expect(Math.min(...taken)).toBe(10_000)
    await expect(ports.take()).rejects.toThrow('no port is free on 127.0.0.1')
  })

  it('should begin elsewhere when another run has another seed', async () => {
    expect(await createPorts(ephemeral, 1, allFree).take()).not.toBe(await createPorts(ephemeral, 2, allFree).take())
  })

  it.each(['127.0.0.1', '0.0.0.0'])('should pass over a port when somebody listens on it at %s', async (host) => {
    const seed = 4321
    const wanted = await createPorts(ephemeral, seed).take()
    const server = createServer().listen({ host, port: wanted })
    await once(server, 'listening')
    try {
      expect(await createPorts(ephemeral, seed).take()).toBeGreaterThan(wanted)
    } finally {
      server.close()
    }
  })
})
