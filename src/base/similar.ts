/** Nobody slips in a longer name, and the time to compare grows with its length. */
const longest = 100

/** The candidates that someone may have meant by `word`: the same but for letter case, a part, or a slip; best first. */
export function similarTo(word: string, candidates: readonly string[]): string[] {
  // One number is as good as another: 1.33 is not 1.36 misspelt.
  if (word.length > longest || /^[\d.]+$/.test(word)) return []
  const wrong = word.toLowerCase()
  const same = candidates.filter((candidate) => {
    const right = candidate.toLowerCase()
    return right === wrong || lastPartOf(right) === lastPartOf(wrong)
  })
  if (same.length > 0) return same
  const isWhole = lastPartOf(wrong) !== wrong
  const slips = candidates.map((candidate) => {
    const right = candidate.toLowerCase()
    const forms = isWhole ? [right] : [right, lastPartOf(right)]
    return { candidate, edits: Math.min(...forms.map((form) => editsBetween(wrong, form))) }
  })
  const fewest = Math.min(...slips.map(({ edits }) => edits))
  return fewest > slipsIn(wrong) ? [] : slips.filter(({ edits }) => edits === fewest).map((slip) => slip.candidate)
}

/** Of `kubelet.maxPods` or `experiments/heartbeat`. */
function lastPartOf(name: string): string {
  return name.split(/[./]/).at(-1) ?? name
}

/** One in four letters, and one in a short name. */
function slipsIn({ length }: string): number {
  return length < 3 ? 0 : Math.max(1, Math.floor(length / 4))
}

/**
 * How many letters have to be put in, taken out, replaced or swapped with the next one to get from one to the other (optimal
 * string alignment).
 */
function editsBetween(from: string, to: string): number {
  let above: number[] = []
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let line = 1; line <= from.length; line++) {
    const next = [line]
    for (let column = 1; column <= to.length; column++) {
      const isSame = from[line - 1] === to[column - 1]
      const isSwapped = from[line - 1] === to[column - 2] && from[line - 2] === to[column - 1]
      const ways = [
        at(row, column - 1) + (isSame ? 0 : 1),
        at(row, column) + 1,
        at(next, column - 1) + 1,
        ...(isSwapped && line > 1 && column > 1 ? [at(above, column - 2) + 1] : []),
      ]
      next.push(Math.min(...ways))
    }
    above = row
    row = next
  }
  return at(row, to.length)
}

function at(row: readonly number[], column: number): number {
  const edits = row[column]
  if (edits === undefined) throw new Error('beyond the row')
  return edits
}
