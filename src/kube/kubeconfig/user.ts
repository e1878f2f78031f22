import { resolve } from 'node:path'
import type { ExecPlugin } from './exec-plugin.ts'
import { pluginOf } from './exec-plugin.ts'
import type { RequestHeaders } from './headers.ts'
import { impersonationHeaders, isHeaderText } from './headers.ts'
import type { KubeconfigContext, Mistake, UserFields } from './kubeconfig.ts'
import { mistakeOf } from './kubeconfig.ts'
import type { KeyPair } from './pem.ts'
import { keyPairIn } from './pem.ts'
import type { FieldPath } from './yaml.ts'

/** What requests say of who sends them, beside or without a client certificate. */
export type Login =
  | { by: 'nothing' }
  | { by: 'token'; token: string }
  /** `field` says where the kubeconfig names it. */
  | { by: 'token file'; file: string; field: string }
  | { by: 'password'; username: string; password: string }
  | { by: 'plugin'; plugin: ExecPlugin }

/** A user of a kubeconfig, checked. */
export interface UserSettings {
  login: Login
  certificate: KeyPair | undefined
  /** What makes requests those of somebody else. */
  impersonation: RequestHeaders
}

/**
 * The user of a context. Of several ways to be known, client-go's choice holds: a token file goes before a token, and either, a
 * password or a certificate before a plugin. Throws `Failure`: 'bad-input' for what cannot be meant, 'infrastructure' when a
 * file that it names cannot be read.
 */
export function userOf(context: KubeconfigContext): UserSettings {
  const { user, folder, placed, refusal } = context
  if (user === undefined) return { login: { by: 'nothing' }, certificate: undefined, impersonation: {} }
  const { path, fields } = user
  const mistakes = mistakesOf(path, fields)
  const plugin = fields.exec === undefined ? undefined : pluginOf(user.name, [...path, 'exec'], fields.exec, folder)
  if (plugin !== undefined && 'mistakes' in plugin) mistakes.push(...plugin.mistakes)
  if (mistakes.length > 0) throw refusal(mistakes)

  const certificate = keyPairIn(context, path, fields)
  const { token, tokenFile, username, password = '' } = fields
  const loginOf = (): Login => {
    if (tokenFile !== undefined)
      return { by: 'token file', file: resolve(folder, tokenFile), field: placed([...path, 'tokenFile']) }
    if (token !== undefined) return { by: 'token', token }
    if (username !== undefined) return { by: 'password', username, password }
    if (plugin === undefined || 'mistakes' in plugin || certificate !== undefined) return { by: 'nothing' }
    return { by: 'plugin', plugin }
  }
  return { login: loginOf(), certificate, impersonation: impersonationHeaders(fields) }
}

/** What client-go refuses of a user (clientcmd/validation.go), and what it would silently leave out. */
function mistakesOf(path: FieldPath, fields: UserFields): Mistake[] {
  const mistakes: Mistake[] = []
  const wrong = (key: keyof UserFields, what: string) => void mistakes.push(mistakeOf(path, key, what))

  if (fields['auth-provider'] !== undefined)
    wrong(
      'auth-provider',
      'authentication providers are not supported: use a credential plugin (exec), such as kubelogin for OIDC',
    )
  if (fields.username !== undefined && (fields.token ?? fields.tokenFile) !== undefined)
    wrong('username', 'only one can be sent, but there is a token, too')
  if (fields.username === undefined && fields.password !== undefined) wrong('password', 'needs a username')
  if (!isHeaderText(fields.token ?? '')) wrong('token', 'has a line break or a control character')

  const { as: impersonated, 'as-uid': uid = '', 'as-groups': groups, 'as-user-extra': extra } = fields
  const others = { 'as-uid': [uid], 'as-groups': groups, 'as-user-extra': Object.values(extra).flat() }
  if (!isHeaderText(impersonated ?? '')) wrong('as', 'has a line break or a control character')
  for (const [key, values] of Object.entries(others) as [keyof typeof others, string[]][]) {
    if (!values.every(isHeaderText)) wrong(key, 'has a line break or a control character')
    if (impersonated === undefined && values.some((value) => value !== ''))
      wrong(key, 'needs as, the user to impersonate')
  }
  return mistakes
}
