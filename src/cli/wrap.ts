import { wordsOf } from '../base/words.ts'
import { width } from '../report/summary.ts'

/** Words in lines that keep within the width; the first begins with the lead, the others with as much space. */
export function wrap(text: string, lead = '  '): string[] {
  const lines: string[] = []
  let line = lead
  for (const word of wordsOf(text)) {
    if (line.length + 1 + word.length > width && line.trim() !== '') {
      lines.push(line.trimEnd())
      line = ' '.repeat(lead.length)
    }
    line += line === '' || line.endsWith(' ') ? word : ` ${word}`
  }
  return [...lines, line]
}

/** The text in at most so many columns, cut between two words. */
export function cutAtWord(text: string, columns: number): string {
  if (text.length <= columns) return text
  const kept = text.slice(0, Math.max(0, columns - 2))
  const end = Math.max(kept.lastIndexOf(', '), kept.lastIndexOf('; '), kept.lastIndexOf(' and '))
  return end <= 0 ? '…' : `${kept.slice(0, end)} …`
}
