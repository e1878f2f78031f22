import { describe, expect, it } from 'vitest'
import { printableOn, stylesFor } from './terminal.ts'

describe('what may go to a terminal', () => {
  it('should keep our own styles where colours are shown, and nothing else that steers', () => {
    const { bold, red } = stylesFor(true)
    expect(printableOn(true)(bold(red('a\u001b[2Jb')))).toBe(bold(red('a\ufffd[2Jb')))
    expect(printableOn(true)('\u001b[8mconcealed\u0007')).toBe('\ufffd[8mconcealed\ufffd')
  })

  it('should keep no styles where none are shown', () => {
    expect(printableOn(false)('\u001b[31mred\u001b[39m')).toBe('\ufffd[31mred\ufffd[39m')
  })
})
