import { once } from 'node:events'
import { createServer } from 'node:net'
import { Failure } from '../../base/errors.ts'
import { countIn } from '../../base/proc.ts'

/** Ports that the kernel gives to outgoing connections: both ends included. */
export interface PortRange {
  low: number
  high: number
}

/** Hands out free ports, none of them twice. */
export interface Ports {
  /** A port of 127.0.0.1 that nobody listens on. Throws `Failure('infrastructure')` when there is none. */
  take(): Promise<number>
}

const lowest = 10_000
const highest = 65_535

/** Content of /proc/sys/net/ipv4/ip_local_port_range; Linux' own range where it says nothing else. */
export function parsePortRange(text: string): PortRange {
  const [low, high] = text.trim().split(/\s+/).map(countIn)
  return low === undefined || high === undefined ? { low: 32_768, high: 60_999 } : { low, high }
}

/**
 * Ports from 10000 on, but for the `ephemeral` ones: an outgoing connection could take one of those between the check
 * here and the component's bind. `seed` says where to begin, so that two runs on one machine seldom try the same ones.
 */
export function createPorts(ephemeral: PortRange, seed: number, isFree = isFreeOnLoopback): Ports {
  const candidates = Array.from({ length: highest - lowest + 1 }, (_, index) => lowest + index).filter(
    (port) => port < ephemeral.low || port > ephemeral.high,
  )
  let tried = 0
  return {
    async take() {
      while (tried < candidates.length) {
        const port = candidates[(seed + tried++) % candidates.length]
        if (port !== undefined && (await isFree(port))) return port
      }
      throw new Failure('infrastructure', 'no port is free on 127.0.0.1', {
        next: 'Check what is listening (ss -tln), and the range reserved for outgoing connections: sysctl net.ipv4.ip_local_port_range',
      })
    },
  }
}

async function isFreeOnLoopback(port: number): Promise<boolean> {
  const server = createServer()
  try {
    server.listen({ port, host: '127.0.0.1', exclusive: true })
    await once(server, 'listening')
    return true
  } catch {
    return false
  } finally {
    server.close()
  }
}
