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

/**
 * Rows whose tests are still being written. They are shown as missing, and the check lets them pass until this list is empty; then it
 * goes.
 */
export const notYetTested: readonly `${Catalogue['tag']} ${number}`[] = [
  'fault 1',
  'fault 2',
  'fault 3',
  'fault 4',
  'fault 5',
  'fault 6',
  'fault 7',
  'fault 8',
  'fault 9',
  'fault 10',
  'fault 11',
  'fault 12',
  'fault 13',
  'fault 14',
  'fault 15',
  'fault 16',
  'fault 17',
]
