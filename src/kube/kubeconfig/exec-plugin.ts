import { resolve } from 'node:path'
import type { Clock } from '../../base/clock.ts'
import { Failure } from '../../base/errors.ts'
import { keepSecret } from '../../base/known-secrets.ts'
import { isSecretKey } from '../../base/secrets.ts'
import type { ExecApiVersion, ExecCredential } from './exec-credential.ts'
import { credentialIn, execApiVersions } from './exec-credential.ts'
import type { ExecFields, Mistake } from './kubeconfig.ts'
import { mistakeOf } from './kubeconfig.ts'
import { findProgram, runProgram } from './program.ts'
import type { FieldPath } from './yaml.ts'

/** A credential plugin as a kubeconfig has it (client-go, plugin/pkg/client/auth/exec). */
export interface ExecPlugin {
  /** What the kubeconfig calls the user. */
  userName: string
  apiVersion: ExecApiVersion
  /** A name to look for in PATH, or an absolute path. */
  command: string
  args: readonly string[]
  env: Readonly<Record<string, string>>
  /** What to do when it is not installed. */
  installHint: string | undefined
  provideClusterInfo: boolean
  interactiveMode: (typeof interactiveModes)[number]
}

/** The cluster as plugins get it, if they ask for it. */
export interface ExecCluster {
  server: string
  'tls-server-name'?: string
  'insecure-skip-tls-verify'?: true
  /** Base64. */
  'certificate-authority-data'?: string
  'proxy-url'?: string
  'disable-compression'?: true
  config: unknown
}

/** What a plugin takes from the process that asks it. */
export interface PluginSurroundings {
  env: Readonly<Record<string, string | undefined>>
  /** Whether somebody sits at standard input whom it can ask. */
  stdinIsTerminal: boolean
  /** Takes what it says on its standard error, as it comes, line by line. */
  onPluginLine(line: string): void
  clock: Clock
}

const interactiveModes = ['Never', 'IfAvailable', 'Always'] as const

/** How long a plugin may take where it has nobody to ask, and where somebody has to sign in. kubectl waits for ever. */
const limitsMs = { alone: 60_000, withTerminal: 300_000 }

/** The plugin that the fields describe, or what is wrong with them. A command with a slash is beside the kubeconfig. */
export function pluginOf(
  userName: string,
  path: FieldPath,
  fields: ExecFields,
  folder: string,
): ExecPlugin | { mistakes: Mistake[] } {
  const mistakes: Mistake[] = []
  const wrong = (key: keyof ExecFields, what: string) => void mistakes.push(mistakeOf(path, key, what))
  const { command, args, env, installHint, provideClusterInfo } = fields

  const apiVersion = execApiVersions.find((one) => one === fields.apiVersion)
  if (apiVersion === undefined)
    wrong('apiVersion', `expected ${execApiVersions.join(' or ')}: older plugins need an update`)
  if (command === undefined) wrong('command', 'required')
  if (env.some(({ name }) => name === undefined)) wrong('env', 'a variable has no name')
  // As client-go has it: v1 wants it said.
  const asked = fields.interactiveMode ?? (apiVersion?.endsWith('/v1beta1') === true ? 'IfAvailable' : undefined)
  const interactiveMode = interactiveModes.find((one) => one === asked)
  if (interactiveMode === undefined) wrong('interactiveMode', 'expected Never, IfAvailable or Always')
  if (apiVersion === undefined || command === undefined || interactiveMode === undefined || mistakes.length > 0)
    return { mistakes }
  return {
    userName,
    apiVersion,
    command: command.includes('/') ? resolve(folder, command) : command,
    args,
    env: Object.fromEntries(env.map(({ name = '', value = '' }) => [name, value])),
    installHint,
    provideClusterInfo,
    interactiveMode,
  }
}

/**
 * Runs a plugin and reads what it prints. Standard input is its own only where it may ask and there is a terminal; it ends, with all
 * its children, after a minute (five where there is a terminal), or when `signal` aborts. Throws `Failure('infrastructure')` with the
 * reason, which never quotes its answer.
 */
export async function runPlugin(
  plugin: ExecPlugin,
  cluster: ExecCluster,
  surroundings: PluginSurroundings,
  signal?: AbortSignal,
): Promise<ExecCredential> {
  const { apiVersion, args, interactiveMode, installHint, provideClusterInfo } = plugin
  const { env, stdinIsTerminal, onPluginLine, clock } = surroundings
  const failure = (what: string, next = signInHint) =>
    new Failure('infrastructure', `user ${plugin.userName} cannot be authenticated: ${what}`, { next })

  if (interactiveMode === 'Always' && !stdinIsTerminal)
    throw failure(
      `${plugin.command} has to ask you something, but standard input is not a terminal`,
      'Run this in a terminal',
    )
  for (const [name, value] of Object.entries(plugin.env)) if (isSecretKey(name)) keepSecret(value)
  const interactive = interactiveMode !== 'Never' && stdinIsTerminal
  const found = findProgram(plugin.command, env['PATH'] ?? '')
  if ('because' in found)
    throw failure(`${plugin.command} ${found.because}`, installHint ?? 'Install it, or add its folder to PATH')

  const spec = { interactive, ...(provideClusterInfo && { cluster }) }
  const info = JSON.stringify({ kind: 'ExecCredential', apiVersion, spec })
  const ending = await runProgram(
    {
      file: found.file,
      args,
      env: { ...env, ...plugin.env, KUBERNETES_EXEC_INFO: info },
      stdin: interactive ? 'inherit' : 'ignore',
      limitMs: stdinIsTerminal ? limitsMs.withTerminal : limitsMs.alone,
      onLine: onPluginLine,
      clock,
    },
    signal,
  )
  const credential = 'because' in ending ? ending : credentialIn(ending.output, apiVersion)
  if (!('because' in credential)) {
    keepSecret(credential.token ?? '')
    keepSecret(credential.certificate?.key.toString() ?? '')
    return credential
  }
  const alone =
    interactive || interactiveMode === 'Never' ? '' : ' (standard input is not a terminal, so it could not prompt)'
  throw failure(`${plugin.command} ${credential.because}${alone}`)
}

const signInHint = 'Log in again with the tool that wrote the kubeconfig, then check: kubectl auth whoami'
