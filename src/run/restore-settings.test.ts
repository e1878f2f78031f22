import { expect, it } from 'vitest'
import { Failure } from '../base/errors.ts'
import type { Target } from '../targets/target.ts'
import { restoreSettings } from './restore-settings.ts'

/** A target whose clusters are never measured. */
function targetWith(restores: Readonly<Record<string, () => Promise<void>>>): Target {
  const opened = (id: string) => ({
    tuning: { restore: { budgetMs: 1000, run: restores[id] } },
    [Symbol.asyncDispose]: async () => {},
  })
  return { open: async ({ arm }: { arm: { id: string } }) => opened(arm.id) } as unknown as Target
}

const arm = (id: string) => ({ id, name: id, repetition: 0, kubernetes: undefined })

it('should restore what other arms changed when that of one cannot be restored, and tell of all that cannot', async () => {
  const restored: string[] = []
  const failing = (id: string) => async () => {
    restored.push(id)
    if (id !== 'second-1') throw new Failure('residue', `${id} is left`, { next: `restore ${id}` })
  }
  const ids = ['first-1', 'second-1', 'third-1']
  const target = targetWith(Object.fromEntries(ids.map((id) => [id, failing(id)])))
  const options = { signal: new AbortController().signal, print: () => {} }
  await expect(restoreSettings(target, ids.map(arm), options)).rejects.toMatchObject({
    kind: 'residue',
    message: 'first-1 is left\nthird-1 is left',
    next: 'restore first-1\nrestore third-1',
  })
  expect(restored).toEqual(ids)
})
