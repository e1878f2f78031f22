/** Something that goes wrong, or that somebody found to be wrong once, and what scale-test does about it. */
export interface Row {
  number: number
  /** What happens, as a noun phrase or a short sentence. */
  what: string
  /** What scale-test does. */
  answer: string
  /** Exit status, where there is one. */
  exit?: string
  /** Why no test has the row's tag. A row with neither is a mistake. */
  untested?: string
}

/** Rows that tests name by the same word: `(fault 7)`, `(hostile 12)`. */
export interface Catalogue {
  tag: 'fault' | 'hostile' | 'review'
  title: string
  introduction: string
  /** Of the columns `what` and `answer`. */
  headings: readonly [what: string, answer: string]
  rows: readonly Row[]
}
