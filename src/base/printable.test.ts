import { describe, expect, it } from 'vitest'
import { printable } from './printable.ts'

describe('printable', () => {
  it('should replace what steers a terminal, breaks an XML file or turns text round', () => {
    expect(printable('a\u001b[31mb\u0000\ud800c\td')).toBe('a\ufffd[31mb\ufffd\ufffdc\td')
    expect(printable('\u007f\u009b31m\u202eexe.\u2066\u200f')).toBe('\ufffd\ufffd31m\ufffdexe.\ufffd\ufffd')
    expect(printable('one\r\ntwo\rthree')).toBe('one\r\ntwo\ufffdthree')
  })

  it('should leave text of any language alone', () => {
    for (const text of ['é ü ß', '日本語', 'שלום', '👩‍💻', 'a — b … c']) expect(printable(text)).toBe(text)
  })
})
