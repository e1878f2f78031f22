import type { Catalogue } from './rows.ts'

/** A row of a catalogue, as titles of tests name it: `fault 7`. */
export type RowName = `${Catalogue['tag']} ${number}`

/** A test, or a group of them, that says which rows it covers. */
export interface TaggedTest {
  file: string
  /** Without its tags; of a test in a group, after the title of the group. */
  title: string
  rows: readonly RowName[]
}

const tag = String.raw`\((?:faults?|hostile|review) [^()]*\)`
const tagsAtEnd = new RegExp(`(?: ${tag})+$`)
/** A string of one line. */
const text = /(['"`])((?:\\.|(?!\1)[^\\\n])*)\1/g
const group = /^([ ]*)describe\w*(?:\.\w+)*\((?:.*\)\()?\s*(['"`])((?:\\.|(?!\2)[^\\\n])*)\2/gm
/** A Go test, and the last line of its comment. */
const goTest = /^\/\/ (.*)\nfunc (Test\w+)\(/gm

/**
 * The tests of a file that have tags at the end of their titles: `should wait (fault 1)`, `a watch (faults 7, 8) (hostile 12)`; of Go tests,
 * at the end of their comments. Read off the text: nothing is run. Throws where a tag is not of this form.
 */
export function taggedTestsIn(file: string, source: string): TaggedTest[] {
  if (file.endsWith('.go'))
    return [...source.matchAll(goTest)].flatMap(([, comment = '', name = '']) => {
      const rows = rowsNamedIn(comment, file)
      return rows.length === 0 ? [] : [{ file, title: name, rows }]
    })
  const groups = [...source.matchAll(group)].map(({ index, 1: indent = '', 3: title = '' }) => ({
    index,
    indent,
    title,
  }))
  return [...source.matchAll(text)].flatMap(({ index, 2: title = '' }) => {
    const rows = rowsNamedIn(title, file)
    if (rows.length === 0) return []
    const indent = indentAt(source, index)
    const around = groups.findLast((one) => one.index < index && one.indent.length < indent)
    const words = [around?.title, title].filter((part) => part !== undefined).map(withoutTags)
    return [{ file, title: words.join(': '), rows }]
  })
}

/** How far the line is indented that a place is in. */
function indentAt(source: string, index: number): number {
  const line = source.slice(source.lastIndexOf('\n', index) + 1, index)
  return line.length - line.trimStart().length
}

/** Placeholders of a test that runs for several values stand for what is different each time. */
function withoutTags(title: string): string {
  return title
    .replace(tagsAtEnd, '')
    .replace(/\\(['"`])/g, '$1')
    .replace(/\$\{[^}]*\}|\$\w+|%[a-z]\b/g, '…')
}

function rowsNamedIn(title: string, file: string): RowName[] {
  const found = tagsAtEnd.exec(title)?.[0] ?? ''
  return [...found.matchAll(/\((faults?|hostile|review) ([^()]*)\)/g)].flatMap(([whole, word = '', list = '']) =>
    list.split(', ').map((number): RowName => {
      if (!/^\d+[a-z]?$/.test(number)) throw new Error(`${file}: ${whole} is no tag; write (fault 7) or (faults 7, 8)`)
      return `${word === 'faults' ? 'fault' : (word as Catalogue['tag'])} ${Number.parseInt(number, 10)}`
    }),
  )
}
