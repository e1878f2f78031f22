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

/** The styles for a terminal that shows colours, or plain text. */
export function stylesFor(colours: boolean): Styles {
  const style = (open: number, close: number) => (text: string) =>
    colours ? `\u001b[${open}m${text}\u001b[${close}m` : text
  return { bold: style(1, 22), dim: style(2, 22), red: style(31, 39), green: style(32, 39), yellow: style(33, 39) }
}
