import { expect, it } from 'vitest'
import type { Server } from '../tools.ts'
import { newNamespace } from '../tools.ts'

/** Names that the server makes. */
export function names(server: Server): void {
  it('should append five characters, others each time, when only a generateName is given', async () => {
    const { api } = server()
    const namespace = await newNamespace(server())
    const create = async () => {
      const { metadata } = await api.create('configmaps', { metadata: { generateName: 'some-', namespace } })
      expect(metadata.generateName).toBe('some-')
      return metadata.name
    }
    const [one, other] = [await create(), await create()]
    expect(one).toMatch(/^some-[bcdfghjklmnpqrstvwxz2456789]{5}$/)
    expect(other).toMatch(/^some-[bcdfghjklmnpqrstvwxz2456789]{5}$/)
    expect(one).not.toBe(other)
  })

  it('should cut the given part to 58 characters when it is longer', async () => {
    const { api } = server()
    const namespace = await newNamespace(server())
    const { metadata } = await api.create('configmaps', { metadata: { generateName: 'n'.repeat(80), namespace } })
    expect(metadata.name).toMatch(/^n{58}[bcdfghjklmnpqrstvwxz2456789]{5}$/)
  })

  it('should take the name when both are given', async () => {
    const { api } = server()
    const namespace = await newNamespace(server())
    const { metadata } = await api.create('configmaps', { metadata: { name: 'a', generateName: 'some-', namespace } })
    expect(metadata).toMatchObject({ name: 'a', generateName: 'some-' })
  })
}
