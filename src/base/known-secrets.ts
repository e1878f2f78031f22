import { withEntities } from './entities.ts'

/** What stands in texts where a secret was. */
export const hidden = '[hidden]'

/**
 * The secrets that this process has read, in every form that texts give them. One list for the whole process, on purpose: wherever a
 * text leaves it, they must not be in it, and a sink that had to be handed the list could be forgotten.
 */
const forms = new Set<string>()
let pattern: RegExp | undefined

/** Shorter values, and plain words such as `scale-test`, are part of too many texts to be hidden in all of them. */
const shortest = 8
const plainWords = /^[A-Za-z]+(?:[-.:_ ][A-Za-z]+)*$/
const longestPlainWords = 20

/**
 * From now on, no text that leaves this process has this value in it: a token, a password, a private key (PEM: any line of it). Values of
 * less than 8 characters, and plain words of less than 20, are not hidden.
 */
export function keepSecret(value: string): void {
  const lines = value.split(/[\r\n]+/).filter((line) => !/^-----(?:BEGIN|END) /.test(line))
  const secrets = lines.map((line) => line.trim()).filter(isTelling)
  const whole = lines.length > 1 ? [value, value.trim()].map((text) => Buffer.from(text).toString('base64')) : []
  for (const form of [...secrets.flatMap(formsOf), ...whole]) {
    if (forms.has(form)) continue
    forms.add(form)
    pattern = undefined
  }
}

function isTelling(secret: string): boolean {
  return secret.length >= shortest && (secret.length >= longestPlainWords || !plainWords.test(secret))
}

/** The text without any secret that this process knows. Takes time in proportion to the text; none while there are no secrets. */
export function withoutKnownSecrets(text: string): string {
  if (forms.size === 0) return text
  // A secret may contain another one: the longest first.
  pattern ??= new RegExp(
    [...forms]
      .sort((left, right) => right.length - left.length)
      .map(RegExp.escape)
      .join('|'),
    'g',
  )
  return text.replace(pattern, hidden)
}

/** Where a text has secrets that this process knows, as positions from `start` to before `end`; in no order. */
export function knownSecretRanges(text: string): { start: number; end: number }[] {
  return [...forms].flatMap((form) => {
    const found = []
    for (let start = text.indexOf(form); start !== -1; start = text.indexOf(form, start + form.length))
      found.push({ start, end: start + form.length })
    return found
  })
}

/** As it is, and as JSON, URLs, HTML, XML, GitHub's commands, headers and kubeconfigs have it. */
function formsOf(secret: string): string[] {
  const wellFormed = secret.toWellFormed()
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(wellFormed),
    withEntities(wellFormed),
    secret.replaceAll('%', '%25'),
    Buffer.from(secret).toString('base64'),
    Buffer.from(secret).toString('base64url'),
  ]
}
