import { keepSecret } from '../../base/known-secrets.ts'
import type { UserFields } from './kubeconfig.ts'

/** Headers of a request; several values of one name are several headers. */
export type RequestHeaders = Readonly<Record<string, string | string[]>> & { readonly Authorization?: string }

/** How long headers are used before they are asked for again; client-go, too, reads token files every minute. */
export const headersAgeMs = 60_000

/** Whether a text can be sent in a header: client-go, too, sends no control characters. */
export function isHeaderText(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  return !/[\u0000-\u0008\u000a-\u001f\u007f]/.test(text)
}

/** A header's value as client-go sends it: in UTF-8, which HTTP libraries here take byte by byte. */
function headerValue(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}

/** `Authorization: Bearer ...` */
export function bearerHeader(token: string): RequestHeaders {
  keepSecret(token)
  return { Authorization: `Bearer ${headerValue(token)}` }
}

/** `Authorization: Basic ...` */
export function basicHeader(username: string, password: string): RequestHeaders {
  keepSecret(password)
  keepSecret(`${username}:${password}`)
  return { Authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` }
}

/** Everything that makes requests those of somebody else, as client-go's impersonatingRoundTripper sends it. */
export function impersonationHeaders(fields: UserFields): RequestHeaders {
  const extra = Object.entries(fields['as-user-extra']).filter(([, values]) => values.length > 0)
  const { as: user = '', 'as-uid': uid = '', 'as-groups': groups } = fields
  for (const value of [user, uid, ...groups, ...extra.flatMap(([, values]) => values)]) keepSecret(value)
  return {
    ...(fields.as !== undefined && { 'Impersonate-User': headerValue(fields.as) }),
    ...(fields['as-uid'] !== undefined && { 'Impersonate-Uid': headerValue(fields['as-uid']) }),
    ...(fields['as-groups'].length > 0 && { 'Impersonate-Group': fields['as-groups'].map(headerValue) }),
    ...Object.fromEntries(extra.map(([key, values]) => [`Impersonate-Extra-${escaped(key)}`, values.map(headerValue)])),
  }
}

/** What may not be in the name of a header, and the percent sign, as `%2F`: client-go's headerKeyEscape. */
function escaped(key: string): string {
  return [...Buffer.from(key, 'utf8')]
    .map((byte) => {
      const letter = String.fromCharCode(byte)
      return /[A-Za-z0-9!#$&'*+.^_`|~-]/.test(letter) ? letter : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
    })
    .join('')
}
