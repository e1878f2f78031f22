/**
 * Words that a line may end after: a figure stays with its unit, and a time with all of its parts (`33 m 19 s`). Anything else is parted at
 * every space.
 */
export function wordsOf(text: string): string[] {
  return text.split(betweenWords)
}

/** The text with a capital letter in front, as sentences begin. */
export function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** A space, but neither that of `19 s` nor the middle one of `33 m 19 s`. */
const betweenWords = /(?<!\d(?= (?:ms|[smhd%]|[KMGT]i?B|B)(?!\w)))(?<!\d [dhm](?= \d+ [hms](?!\w))) /
