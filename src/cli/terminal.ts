import { printable } from '../base/printable.ts'

/** Where a command writes and what it may know of its surroundings: the process, as the commands see it. */
export interface Terminal {
  print(line: string): void
  /** Without an end of line. */
  write(text: string): void
  printError(line: string): void
  /** As `printError`, but also while a list redraws itself, which holds back what others print: for questions. */
  printAtOnce(line: string): void
  /** Whether standard output is a terminal that can redraw lines. */
  interactive: boolean
  columns: number
}

/** Lists that redraw themselves hide the cursor. */
export const showCursor = '\u001b[?25h'

/** Says that something went wrong which should not be able to. */
export function printBug(terminal: Terminal, error: unknown): void {
  terminal.printError(error instanceof Error ? (error.stack ?? error.message) : String(error))
  terminal.printError('\nThis is a bug in scale-test: please report it with the lines above.')
}

/** ANSI styles, or none where output is not a terminal or NO_COLOR is set. */
export interface Styles {
  bold(text: string): string
  dim(text: string): string
  red(text: string): string
  green(text: string): string
  yellow(text: string): string
}

const codes = { bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], yellow: [33, 39] } as const
const styled = new RegExp(`(\u001b\\[(?:${[...new Set(Object.values(codes).flat())].join('|')})m)`)

/** The styles for a terminal that shows colours, or plain text. */
export function stylesFor(colours: boolean): Styles {
  const style =
    ([open, close]: readonly [number, number]) =>
    (text: string) =>
      colours ? `\u001b[${open}m${text}\u001b[${close}m` : text
  return {
    bold: style(codes.bold),
    dim: style(codes.dim),
    red: style(codes.red),
    green: style(codes.green),
    yellow: style(codes.yellow),
  }
}

/** What may go to a terminal: text without control characters, but for our own styles where it shows colours. */
export function printableOn(colours: boolean): (text: string) => string {
  if (!colours) return printable
  return (text) =>
    text
      .split(styled)
      .map((part, index) => (index % 2 === 1 ? part : printable(part)))
      .join('')
}
