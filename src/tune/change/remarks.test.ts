import { describe, expect, it } from 'vitest'
import { requestsUnder } from '../../testing/profiles.ts'
import { hostForTests } from '../../testing/tuned-hosts.ts'
import { remarksOn } from './remarks.ts'

/** A host whose kernel lists these cores. */
function withCores(name: string, list: string) {
  const { host, on } = hostForTests(name)
  const content = Buffer.from(`${list}\n`).toString('base64')
  return {
    host,
    on: { ...on, look: async (paths: readonly string[]) => paths.map((path) => ({ path, content, sum: '' })) },
  }
}

const asked = requestsUnder('stock', {
  'kubeProxy.conntrack.maxPerCore': 144_420,
  'host.nf_conntrack_max': 2_310_720,
})

describe('remarks on the hosts of a cluster', () => {
  it('should say what kube-proxy makes of its limits on each, by its cores and the version', async () => {
    const hosts = [withCores('cp-1', '0-3'), withCores('node-1', '0-7,16-23')]
    const places = { hosts, kubeProxy: undefined }
    expect(await remarksOn(places, { asked, profile: 'tuned' }, '1.35')).toEqual([
      'cp-1: On 4 cores, kube-proxy asks for 577680 connections: conntrack.maxPerCore x cores (144420 x 4).',
      "cp-1: kube-proxy sets the host's limit to that when it starts, whatever its sysctl says.",
      'node-1: On 16 cores, kube-proxy asks for 2310720 connections: conntrack.maxPerCore x cores (144420 x 16).',
    ])
    expect((await remarksOn(places, { asked, profile: 'tuned' }, '1.37')).join('\n')).toContain(
      'cp-1: kube-proxy 1.37 only raises the limit, so the host keeps the 2310720 of its sysctl.',
    )
  })

  it('should be none, and ask no host, where nothing of it is set', async () => {
    const places = { hosts: [withCores('cp-1', 'nonsense')], kubeProxy: undefined }
    expect(await remarksOn(places, { asked: requestsUnder('stock'), profile: 'stock' }, '1.37')).toEqual([])
    expect(await remarksOn(places, { asked, profile: 'tuned' }, '1.35')).toEqual([
      'cp-1: how many connections kube-proxy asks for is not known: /sys/devices/system/cpu/online does not say how many cores there are',
    ])
  })
})
