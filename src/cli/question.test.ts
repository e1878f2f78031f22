import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { Failure } from '../base/errors.ts'
import { askYesNo } from './question.ts'

async function answered(text: string, mustSpell?: boolean): Promise<boolean> {
  const input = new PassThrough()
  input.end(text)
  return askYesNo('Remove it?', { input, print: () => {}, signal: new AbortController().signal, mustSpell })
}

describe('askYesNo', () => {
  it.each(['y\n', 'Y\n', ' yes \n', 'y'])('should take %j for yes', async (text) => {
    expect(await answered(text)).toBe(true)
  })

  it.each(['n\n', '\n', '', 'yesterday\n', 'no\ny\n'])('should take %j for no', async (text) => {
    expect(await answered(text)).toBe(false)
  })

  it('should take nothing but the whole word for yes where that has to be spelt', async () => {
    expect(await answered(' yes \n', true)).toBe(true)
    for (const text of ['y\n', 'YES\n', '']) expect(await answered(text, true)).toBe(false)
  })

  it('should be asked before anything is read, and ended by an interrupt', async () => {
    const ending = new AbortController()
    const printed: string[] = []
    const input = new PassThrough()
    const asked = askYesNo('Remove it?', { input, print: (text) => printed.push(text), signal: ending.signal })
    expect(printed).toEqual(['Remove it? [y/N] '])
    ending.abort(new Failure('interrupted', 'interrupted by SIGINT'))
    await expect(asked).rejects.toThrow('interrupted by SIGINT')
  })
})
