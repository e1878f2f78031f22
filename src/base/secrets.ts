import { knownSecretRanges } from './known-secrets.ts'

/** Part of a text, by positions in it. */
export interface Range {
  start: number
  /** The first position after it. */
  end: number
}

/** Last words of keys whose values are nobody's business. */
const secretWords = words(
  'token tokens password passwords passwd passphrase pwd pass secret credential credentials authorization auth auths bearer cookie jwt apikey',
)
/** `client-key`, `apiKey`: not every key is one to a door. */
const keyWords = words('client private api access secret signing encryption ssh account')
/** `password_hash`, `token-value`: still the secret itself. */
const contentWords = words('value hash text string data base64 b64')
/** In kubeconfigs, the environment and the arguments of a credential plugin. */
const containers = words('env exec')
/** Fields of plans that only sound like it. */
const harmless = words('serviceAccountToken configmapsPerSecret')
const noSecret = /^(?:true|false|null|~|yes|no)?$/i

/** A word that a value follows: `token: `, `"token": `, `TOKEN=`; also in JSON within a string. */
const keyed = /(?<![\w.-])([\w.-]+)\\*["']?[ \t]*[:=]/g

/** The user of a URL, with the password. */
export const userOfUrl = /(?<=:\/\/)[^\s/@"']+(?=@)/g

/** What is a secret by its form, wherever it stands. */
const forms: readonly RegExp[] = [
  /-----BEGIN [\s\S]*?(?:-----END [A-Z ]*-----|$)/g,
  /(?<![\w-])eyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?/g,
  // As GitHub, GitLab, Slack, Vault, AWS and OpenShift begin theirs.
  /(?<![\w-])(?:gh[pousr]_|github_pat_|glpat-|xox[a-z]-|sk-|hvs\.|AKIA|ASIA|k8s-aws-v1\.|sha256~)[\w-]{8,}/g,
  // Kubernetes' bootstrap tokens.
  /(?<![\w.-])(?=[a-z.]*\d)[a-z0-9]{6}\.[a-z0-9]{16}(?![\w.-])/g,
  userOfUrl,
  // Behind an option of a program, as one argument or as two: `--token hunter2`, `[--token, hunter2]`.
  /(?<=(?<![\w-])--(?:\w{1,20}-){0,3}(?:token|password|passwd|passphrase|secret|credentials?|key)\\{0,8}["']?[ \t]{0,8}(?:[, \t]|\n[ \t]{0,40}-)[ \t]{0,8}\\{0,8}["']?)[^\s"',\\\]}-][^\s"',\\\]}]*/g,
  /\b(?:bearer|basic)[ \t]{1,8}[^\s"',}\]]+/gi,
  // Hashes as in /etc/shadow (crypt(5)).
  /\$(?:\d[a-z]?|y|gy|apr1)\$[./\w$=,-]+/g,
]

/** Base64 and hex, perhaps. */
const blob = /(?<![\w+/-])[\w+/-]{32,}={0,2}/g

/**
 * Where a text holds secrets: the values of keys that are called so (`token`, `password`, `client-key-data`, ...) in YAML, JSON or
 * `NAME=value`, what looks like one (PEM, JWT, long base64 or hex), and those that this process knows. The text need not be valid; in doubt, more is taken for
 * secret. In order, none within another. Takes time in proportion to the text.
 */
export function secretRanges(text: string): Range[] {
  const found = [
    ...keyedRanges(text),
    ...forms.flatMap((form) => rangesOf(text, form)),
    ...blobRanges(text),
    ...knownSecretRanges(text),
  ]
  const ranges: Range[] = []
  for (const range of found.toSorted((left, right) => left.start - right.start)) {
    const last = ranges.at(-1)
    if (last === undefined || range.start > last.end) ranges.push(range)
    else last.end = Math.max(last.end, range.end)
  }
  return ranges
}

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(' '))
}

function rangesOf(text: string, form: RegExp): Range[] {
  return [...text.matchAll(form)].map(({ 0: found, index }) => ({ start: index, end: index + found.length }))
}

function blobRanges(text: string): Range[] {
  return rangesOf(text, blob).filter(({ start, end }) => {
    const found = text.slice(start, end)
    if (/^[0-9a-f]+$/i.test(found)) return !/sha\d+:$/.test(text.slice(Math.max(0, start - 7), start))
    const isPath = found.startsWith('/') && found.split('/').every(({ length }) => length <= 32)
    return found.length >= 40 && !isPath && /[a-z]/.test(found) && /[A-Z]/.test(found) && /\d/.test(found)
  })
}

/** Values lie within values, and may be looked at as often as this on the average; then all that is left is taken for secret. */
const mostLooks = 20

function keyedRanges(text: string): Range[] {
  const ranges: Range[] = []
  const search = new RegExp(keyed)
  const lines = lineReader(text)
  let left = mostLooks * text.length
  for (let match = search.exec(text); match !== null; match = search.exec(text)) {
    const [{ length }, key = ''] = match
    if (!isSecretKey(key, text.slice(Math.max(0, match.index - 200), match.index))) continue
    const start = match.index + length
    // Not from its end: another key in it may have a value that goes further.
    search.lastIndex = start
    const end = valueEnd(text, start, lines.placeOf(match.index))
    left -= end - start
    if (left < 0) return [...ranges, { start, end: text.length }]
    const value = text.slice(start, end)
    if (noSecret.test(value.trim())) continue
    ranges.push({ start: end - value.trimStart().length, end: start + value.trimEnd().length })
  }
  return ranges
}

/** Whether a key's value is a secret; `before` is what stands in front of the key. */
export function isSecretKey(key: string, before = ''): boolean {
  const name = key.split('.').at(-1) ?? key
  if (harmless.has(name)) return false
  const [last = '', nextToLast = ''] = name
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z\d]+/)
    .filter((word) => word !== '')
    .reverse()
  if (secretWords.has(last) || containers.has(last)) return true
  if (last === 'key') return keyWords.has(nextToLast)
  if (last === 'data') return nextToLast !== ''
  if (contentWords.has(last) && secretWords.has(nextToLast)) return true
  // One variable of an environment: `{ name: TOKEN, value: ... }`, which no knob is.
  return last === 'value' && /\bname\b(?!.*\bknob\b).*$/.test(before)
}

/** Where a key stands in its line, and whether within brackets that the line opens. */
interface KeyPlace {
  column: number
  isWithinBrackets: boolean
}

/** Reads a text once from its beginning to its end, however often it is asked. */
function lineReader(text: string): { placeOf(key: number): KeyPlace } {
  let at = 0
  let lineStart = 0
  let depth = 0
  return {
    placeOf(key) {
      for (; at < key; at++) {
        const character = text[at]
        if (character === '\n') [lineStart, depth] = [at + 1, 0]
        else if (character === '[' || character === '{') depth++
        else if (character === ']' || character === '}') depth--
      }
      const quote = /["']/.test(text[key - 1] ?? '') ? 1 : 0
      return { column: key - lineStart - quote, isWithinBrackets: depth > 0 }
    },
  }
}

/** Where the value ends that follows a key: its quotes, its brackets, or its line with the lines that belong to it. */
function valueEnd(text: string, start: number, { column, isWithinBrackets }: KeyPlace): number {
  const first = firstFrom(text, /\S/g, start)
  const opening = /^\\*["']/.exec(text.slice(first, first + 8))?.[0]
  if (opening !== undefined) return quoteEnd(text, first + opening.length, opening)
  if (text[first] === '{' || text[first] === '[') return bracketEnd(text, first)
  return isWithinBrackets ? firstFrom(text, /[,\]}]/g, start) : blockEnd(text, start, column)
}

/** The first place from `start` on where the text is like that, or its end. */
function firstFrom(text: string, wanted: RegExp, start: number): number {
  wanted.lastIndex = start
  return wanted.exec(text)?.index ?? text.length
}

const quoted: Readonly<Record<string, RegExp>> = {
  '"': /[^"\\]*(?:\\[\s\S][^"\\]*)*"/y,
  "'": /[^']*(?:''[^']*)*'/y,
}

function quoteEnd(text: string, start: number, quote: string): number {
  const rest = quoted[quote]
  if (rest !== undefined) {
    rest.lastIndex = start
    return rest.test(text) ? rest.lastIndex : text.length
  }
  // In JSON within a string, quotes have backslashes, and quotes within those have more of them.
  const end = firstFrom(text, new RegExp(`(?<!\\\\)${RegExp.escape(quote)}`, 'g'), start)
  return Math.min(text.length, end + quote.length)
}

/** In doubt whether a bracket is quoted, the place that is further away. */
function bracketEnd(text: string, first: number): number {
  return Math.max(
    balancedEnd(text, first, /[[\]{}]/g),
    balancedEnd(text, first, /"(?:[^"\\]|\\[\s\S])*"|'[^']*'|[[\]{}]/g),
  )
}

function balancedEnd(text: string, first: number, parts: RegExp): number {
  let depth = 0
  parts.lastIndex = first
  for (let part = parts.exec(text)?.[0]; part !== undefined; part = parts.exec(text)?.[0]) {
    if (part === '[' || part === '{') depth++
    else if ((part === ']' || part === '}') && --depth === 0) return parts.lastIndex
  }
  return text.length
}

/** A line and what belongs to it: lines further to the right, and those of a list, which may stand right below their key. */
function blockEnd(text: string, start: number, column: number): number {
  let end = firstFrom(text, /\n|$/g, start)
  const isEmpty = text.slice(start, end).trim() === ''
  const next = /\n([ \t]*)(-?)[^\n]*/y
  for (;;) {
    next.lastIndex = end
    const [line = '', indent = '', dash = ''] = next.exec(text) ?? []
    if (line === '') return end
    const isOfList = isEmpty && dash === '-' && indent.length === column
    if (line.trim() !== '' && indent.length <= column && !isOfList) return end
    end += line.length
  }
}
