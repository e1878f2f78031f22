import type { Host } from './layout.ts'
import { controlPlaneAddress, prefixLength } from './layout.ts'
import { execute, ip } from './shell.ts'

const bridge = 'lan'

/** The network of the machines, with the control planes on it; hosts are plugged in later. */
export async function createNetwork(): Promise<void> {
  await ip('link set lo up')
  await ip(`link add ${bridge} type bridge`)
  await ip(`addr add ${controlPlaneAddress}/${prefixLength} dev ${bridge}`)
  await ip(`link set ${bridge} up`)
}

/**
 * Plugs a host, whose network namespace process `pid` lives in, into the network of the machines. Pods are reached
 * through the address of their host, from the control planes and from other hosts, as with any routed pod network.
 */
export async function connectHost(
  { link, address, podSubnet }: Host,
  pid: number,
  others: readonly Host[],
): Promise<void> {
  await ip(`link add ${link} type veth peer name eth0 netns ${pid}`)
  await ip(`link set ${link} master ${bridge} up`)
  await ip(`route add ${podSubnet} via ${address}`)
  const inHost = (words: string) => execute('nsenter', ['--target', String(pid), '--net', 'ip', ...words.split(' ')])
  await inHost('link set lo up')
  await inHost(`addr add ${address}/${prefixLength} dev eth0`)
  await inHost('link set eth0 up')
  await inHost(`route add default via ${controlPlaneAddress}`)
  for (const other of others) await inHost(`route add ${other.podSubnet} via ${other.address}`)
}
