import type { CST, Document } from 'yaml'
import { Composer, Lexer, LineCounter, Parser } from 'yaml'
import { yamlErrorInWords } from './yaml-errors.ts'

/** A document of YAML that has no mistake, and where its lines begin. */
export interface YamlDocument {
  document: Document.Parsed
  lines: LineCounter
}

/** What is wrong with a text that is to be YAML: the first thing, as others follow from it. */
export interface YamlMistake {
  /** In our words; it quotes nothing. */
  reason: string
  /** Characters before it. */
  offset: number
  lines: LineCounter
}

/**
 * So many maps, lists and keys may lie within each other while the text is read. The library calls itself for each, and the stack ends after
 * a few thousand; nothing that is meant comes near.
 */
const deepest = 200

/**
 * Reads the one document of a text, in time and memory that are in proportion to it. Keys may be written twice: the library would
 * compare each with every other one. Never throws.
 */
export function parseYaml(text: string, { merge = false } = {}): YamlDocument | YamlMistake {
  const lines = new LineCounter()
  const mistake = (reason: string, offset: number): YamlMistake => ({ reason, offset, lines })
  // Its warnings would quote keys on standard error.
  const composer = new Composer({ prettyErrors: false, uniqueKeys: false, merge, logLevel: 'error' })
  const tokens = tokensOf(text, lines)
  const [document, second] = composer.compose(tokens, true, text.length)
  if (tokens.tooDeepAt !== undefined) return mistake('nested too deeply', tokens.tooDeepAt)
  if (document === undefined) return mistake('this is not YAML', 0)
  const several = second && { code: 'MULTIPLE_DOCS' as const, message: '', pos: second.range }
  const error = document.errors[0] ?? several ?? document.warnings[0]
  return error === undefined ? { document, lines } : mistake(yamlErrorInWords(error), error.pos[0])
}

/** What the parser makes of a text, up to where it is nested too deeply or cannot go on. */
function tokensOf(text: string, lines: LineCounter): Iterable<CST.Token> & { tooDeepAt?: number } {
  const parser = new Parser(lines.addNewLine)
  return {
    *[Symbol.iterator]() {
      lines.addNewLine(0)
      for (const lexeme of new Lexer().lex(text)) {
        for (const token of parser.next(lexeme)) {
          yield token
          // A million brackets too many would be a million errors.
          if (token.type === 'error') return
        }
        if (parser.stack.length <= deepest) continue
        this.tooDeepAt = parser.offset
        return
      }
      yield* parser.end()
    },
  }
}
