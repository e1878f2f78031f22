/** The candidates that someone may have meant by `word`: the same but for letter case, a part, or a slip; best first. */
export function similarTo(word: string, candidates: readonly string[]): string[] {
  const wrong = word.toLowerCase()
  const lastOf = (text: string) => text.split('.').at(-1) ?? text
  const same = candidates.filter((candidate) => {
    const right = candidate.toLowerCase()
    return right === wrong || lastOf(right) === lastOf(wrong)
  })
  if (same.length > 0) return same
  const slips = candidates.map((candidate) => ({ candidate, edits: editsBetween(wrong, candidate.toLowerCase()) }))
  const fewest = Math.min(...slips.map(({ edits }) => edits))
  return fewest > wrong.length / 4 ? [] : slips.filter(({ edits }) => edits === fewest).map((slip) => slip.candidate)
}

/** How many letters have to be put in, taken out or replaced to get from one to the other (Levenshtein). */
function editsBetween(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (const [index, letter] of [...from].entries()) {
    const next = [index + 1]
    for (let column = 1; column <= to.length; column++) {
      const replaced = (row[column - 1] ?? 0) + (letter === to[column - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
