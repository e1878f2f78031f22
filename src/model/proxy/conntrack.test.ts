import { describe, expect, it } from 'vitest'
import { conntrackTableOf } from './conntrack.ts'

const gibibyte = 2 ** 30
const documented = 2_310_720
const host = (cores: number) => ({ cores, memoryBytes: 64 * gibibyte })
const builtIn = { maxPerCore: 32_768, min: 131_072 }

describe('the table of connections', () => {
  it('should be maxPerCore x cores, or min where that is more', () => {
    const small = (cores: number) => ({ cores, memoryBytes: 2 * gibibyte })
    expect(conntrackTableOf(small(16), null, builtIn)).toMatchObject({ max: 524_288, setBy: 'maxPerCore' })
    expect(conntrackTableOf(small(2), null, builtIn)).toMatchObject({ max: 131_072, setBy: 'min' })
    expect(conntrackTableOf(small(4), null, builtIn)).toMatchObject({ max: 131_072, setBy: 'min' })
  })

  it('should be cut off where the document asks for 2310720 / 16 per core and has 16 cores, whatever its min says', () => {
    const asked = { maxPerCore: documented / 16, min: documented }
    expect(asked.maxPerCore).toBe(144_420)
    expect(conntrackTableOf(host(16), null, asked)).toEqual({ max: 1_048_576, setBy: 'the cap', isCapped: true })
  })

  it('should be what the document asks for on fewer cores, or with the per-core part out of the way', () => {
    const onSeven = conntrackTableOf(host(7), null, { maxPerCore: documented / 16, min: documented })
    expect(onSeven).toEqual({ max: documented, setBy: 'min', isCapped: false })
    const minAlone = conntrackTableOf(host(16), null, { maxPerCore: 1, min: documented })
    expect(minAlone).toEqual({ max: documented, setBy: 'min', isCapped: false })
  })

  it('should not be cut off just below the limit', () => {
    const atLimit = conntrackTableOf(host(16), null, { maxPerCore: 65_536, min: 0 })
    expect(atLimit).toEqual({ max: 1_048_576, setBy: 'maxPerCore', isCapped: false })
  })

  it('should never be lowered by kube-proxy when it starts', () => {
    const bySysctl = { max: documented, setBy: 'the sysctl' }
    expect(conntrackTableOf(host(16), documented, builtIn)).toEqual({ ...bySysctl, isCapped: false })
    const asked = { maxPerCore: documented / 16, min: documented }
    expect(conntrackTableOf(host(16), documented, asked)).toEqual({ ...bySysctl, isCapped: true })
    expect(conntrackTableOf(host(2), null, builtIn)).toMatchObject({ max: 262_144, setBy: 'the kernel' })
  })

  it('should be as the sysctl says where there is no kube-proxy, or it leaves the table alone', () => {
    const bySysctl = { max: documented, setBy: 'the sysctl', isCapped: false }
    expect(conntrackTableOf(host(16), documented, undefined)).toEqual(bySysctl)
    expect(conntrackTableOf(host(16), documented, { maxPerCore: 0, min: 131_072 })).toEqual(bySysctl)
  })

  it('should be as the kernel has it where nobody sets it', () => {
    const byKernel = (memoryBytes: number) => conntrackTableOf({ cores: 2, memoryBytes }, null, undefined)
    // What Linux 6.18 says on a machine of 23 GiB.
    expect(byKernel(23 * gibibyte)).toMatchObject({ max: 262_144, setBy: 'the kernel' })
    expect(byKernel(2 * gibibyte).max).toBe(65_536)
    expect(byKernel(gibibyte / 2).max).toBe(4096)
  })
})
