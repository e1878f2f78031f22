import { withoutKnownSecrets } from './known-secrets.ts'

/**
 * What steers a terminal, breaks an XML file or shows text in another order than it has: C0 and C1 but for tabs and line ends, DEL,
 * a carriage return alone, the direction marks of Unicode, and what is no character.
 */
const unprintable =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufffe\uffff]|\r(?!\n)/g

/**
 * The text without control characters, and without secrets that this process knows: a name from a file or a cluster must not steer a
 * terminal or break a report, and what a server quotes must not give anything away.
 */
export function printable(text: string): string {
  return withoutKnownSecrets(text).replace(unprintable, '\ufffd').toWellFormed()
}
