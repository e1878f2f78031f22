import { dirname, resolve } from 'node:path'
import { z } from 'zod'
import { Failure } from '../../base/errors.ts'
import { excerpt } from '../../base/excerpt.ts'
import { readTextFile } from '../../base/files.ts'
import { didYouMean, formatNames } from '../../base/names.ts'
import type { FieldPath } from './yaml.ts'
import { readYaml } from './yaml.ts'

/** A mistake in a kubeconfig, and where it is. The message never has a value in it. */
export interface Mistake {
  path: FieldPath
  /** Points at this key of the map at `path`. */
  key?: string | undefined
  message: string
}

/** A mistake of one field: `users[0].user.token: expected text`. */
export function mistakeOf(path: FieldPath, key: string | undefined, what: string): Mistake {
  const name = nameOf(key === undefined ? path : [...path, key])
  return { path, key, message: name === '' ? what : `${name}: ${what}` }
}

/** Absent, null and empty are the same, as for client-go. */
const text = z
  .string()
  .nullish()
  .transform((value) => (value === null || value === '' ? undefined : value))
const flag = z
  .boolean()
  .nullish()
  .transform((value) => value === true)
const list = <T extends z.ZodType>(item: T) =>
  z
    .array(item)
    .nullish()
    .transform((items) => items ?? [])
const optional = <T extends z.ZodType>(form: T) => form.nullish().transform((value) => value ?? undefined)
const orEmpty = <T extends z.ZodType>(form: T) => z.preprocess((value) => value ?? {}, form)
const base64 = text.refine((value) => value === undefined || isBase64(value), 'expected base64')
const extensions = list(z.object({ name: text, extension: z.unknown().optional() }))

const exec = z.object({
  apiVersion: text,
  command: text,
  args: list(z.string()),
  env: list(z.object({ name: text, value: text })),
  installHint: text,
  provideClusterInfo: flag,
  interactiveMode: text,
})

const cluster = z.object({
  server: text,
  'tls-server-name': text,
  'insecure-skip-tls-verify': flag,
  'certificate-authority': text,
  'certificate-authority-data': base64,
  'proxy-url': text,
  'disable-compression': flag,
  extensions,
})

const user = z.object({
  'client-certificate': text,
  'client-certificate-data': base64,
  'client-key': text,
  'client-key-data': base64,
  token: text,
  tokenFile: text,
  as: text,
  'as-uid': text,
  'as-groups': list(z.string()),
  'as-user-extra': z
    .record(z.string(), list(z.string()))
    .nullish()
    .transform((extra) => extra ?? {}),
  username: text,
  password: text,
  'auth-provider': optional(z.object({ name: text })),
  exec: optional(exec),
  extensions,
})

const context = z.object({ cluster: text, user: text, namespace: text, extensions })

const fields = {
  apiVersion: z.literal(['v1', '']).nullish(),
  kind: z.literal(['Config', '']).nullish(),
  preferences: z.unknown().optional(),
  clusters: list(z.object({ name: text, cluster: orEmpty(cluster) })),
  users: list(z.object({ name: text, user: orEmpty(user) })),
  contexts: list(z.object({ name: text, context: orEmpty(context) })),
  'current-context': text,
  extensions: z.unknown().optional(),
}
const config = z.strictObject(fields)

/** The fields of `clusters[].cluster`, as the file has them. */
export type ClusterFields = z.infer<typeof cluster>
/** The fields of `users[].user`, as the file has them. */
export type UserFields = z.infer<typeof user>
/** The fields of `users[].user.exec`, as the file has them. */
export type ExecFields = z.infer<typeof exec>

/** One context of a kubeconfig, with what it names. */
export interface KubeconfigContext {
  name: string
  /** Of the kubeconfig: relative paths in it start here. */
  folder: string
  cluster: { name: string; path: FieldPath; fields: ClusterFields }
  /** Absent where the context names none. */
  user: { name: string; path: FieldPath; fields: UserFields } | undefined
  /** Tells mistakes as `file:line:column field: what is wrong`. */
  refusal(mistakes: readonly Mistake[], next?: string): Failure
  /** The field, and where it is. */
  placed(path: FieldPath): string
}

/** This many mistakes are reported at once. */
const mostTold = 20
/** Among this many contexts, the one that may be meant is suggested. */
const mostNames = 10_000

/** Far more than a kubeconfig, a certificate or a token has. */
export const largestFileBytes = 4_000_000

/**
 * Reads one context of a kubeconfig, the current one when none is named. The form of the whole file is checked, as kubectl does;
 * unknown fields, which kubectl leaves alone, are refused in what the context uses. Throws `Failure('bad-input')`, which
 * never quotes a value.
 */
export function readContext(file: string, contextName: string | undefined): KubeconfigContext {
  const document = readYaml(readTextFile(file, largestFileBytes))
  if ('reason' in document) {
    const { reason, at } = document
    throw new Failure('bad-input', `${file}:${at.line}:${at.column} this is not a kubeconfig: ${reason}`, {
      next: checkHint(file),
    })
  }
  const { value, placeOf } = document
  const placed = (path: FieldPath, key?: string) => {
    const { line, column } = placeOf(path, key)
    return `${file}:${line}:${column}`
  }
  const refusal = (mistakes: readonly Mistake[], next = checkHint(file)) => {
    const told = mistakes.slice(0, mostTold).map((one) => `${placed(one.path, one.key)} ${one.message}`)
    return new Failure('bad-input', told.join('\n'), { next })
  }

  const parsed = config.safeParse(value, { reportInput: false })
  if (!parsed.success) throw refusal(parsed.error.issues.flatMap(mistakesIn))
  const { contexts, clusters, users } = parsed.data
  const twice = [
    ...namedTwice('contexts', contexts),
    ...namedTwice('clusters', clusters),
    ...namedTwice('users', users),
  ]
  if (twice.length > 0) throw refusal(twice, 'Give each its own name')

  const wanted = contextName ?? parsed.data['current-context']
  const index = contexts.findIndex(({ name }) => name !== undefined && name === wanted)
  const chosen = contexts[index]
  if (chosen === undefined) throw unknownContext(file, wanted, contexts)
  const contextPath = ['contexts', index, 'context']
  const named = <T extends { name: string | undefined }>(kind: 'cluster' | 'user', entries: readonly T[]) => {
    const name = chosen.context[kind]
    const position = entries.findIndex((entry) => entry.name === name)
    const entry = entries[position]
    if (name !== undefined && entry !== undefined) return { name, entry, path: [`${kind}s`, position, kind] }
    throw refusal([
      mistakeOf(contextPath, kind, name === undefined ? 'required' : `there is no ${kind} ${excerpt(name)}`),
    ])
  }
  const { entry: ownCluster, ...clusterPlace } = named('cluster', clusters)
  const ownUser = chosen.context.user === undefined ? undefined : named('user', users)

  const fieldsOf = ({ shape }: z.ZodObject) => Object.keys(shape)
  const unknown = [
    ...unknownFields(value, contextPath.slice(0, -1), ['name', 'context']),
    // client-node, and so every tool that writes kubeconfigs with it, repeats the context's name inside of it.
    ...unknownFields(value, contextPath, [...fieldsOf(context), 'name']),
    ...unknownFields(value, clusterPlace.path.slice(0, -1), ['name', 'cluster']),
    ...unknownFields(value, clusterPlace.path, fieldsOf(cluster)),
    ...(ownUser === undefined
      ? []
      : [
          ...unknownFields(value, ownUser.path.slice(0, -1), ['name', 'user']),
          ...unknownFields(value, ownUser.path, fieldsOf(user)),
          ...unknownFields(value, [...ownUser.path, 'exec'], fieldsOf(exec)),
        ]),
  ]
  if (unknown.length > 0) throw refusal(unknown)

  return {
    name: chosen.name ?? '',
    folder: dirname(resolve(file)),
    cluster: { ...clusterPlace, fields: ownCluster.cluster },
    user: ownUser === undefined ? undefined : { name: ownUser.name, path: ownUser.path, fields: ownUser.entry.user },
    refusal,
    placed: (path) => `${placed(path)} ${nameOf(path)}`,
  }
}

function checkHint(file: string): string {
  return `Try: kubectl --kubeconfig ${file} config view`
}

function unknownContext(
  file: string,
  wanted: string | undefined,
  contexts: readonly { name: string | undefined }[],
): Failure {
  const names = contexts.flatMap(({ name }) => name ?? [])
  const meant = wanted === undefined ? '' : didYouMean(wanted, names.slice(0, mostNames))
  return new Failure(
    'bad-input',
    `${file} has no context ${wanted === undefined ? '(none is current)' : excerpt(wanted)}${meant}`,
    {
      next:
        names.length === 0
          ? 'Name a kubeconfig that has contexts'
          : `Choose one of: ${formatNames(
              names.slice(0, mostNames).map((name) => excerpt(name)),
              20,
            )}`,
    },
  )
}

function namedTwice(section: string, entries: readonly { name: string | undefined }[]): Mistake[] {
  const seen = new Set<string | undefined>()
  return entries.flatMap(({ name }, index): Mistake[] => {
    if (!seen.has(name)) {
      seen.add(name)
      return []
    }
    return [
      {
        path: [section, index],
        message: `${section} has ${name === undefined ? 'an empty name' : excerpt(name)} twice`,
      },
    ]
  })
}

function unknownFields(value: unknown, path: FieldPath, known: readonly string[]): Mistake[] {
  let map = value
  for (const step of path) map = (map as Record<string | number, unknown> | null | undefined)?.[step]
  return Object.keys(map ?? {})
    .filter((key) => !known.includes(key))
    .slice(0, mostTold)
    .map((key) => mistakeOf(path, key, `unknown field${didYouMean(key, known)}`))
}

function mistakesIn(issue: z.core.$ZodIssue): Mistake[] {
  const path = issue.path.filter((part) => typeof part !== 'symbol')
  if (path.length === 0 && issue.code === 'invalid_type')
    return [mistakeOf([], undefined, 'this is not a kubeconfig: expected a map')]
  switch (issue.code) {
    case 'unrecognized_keys':
      return unknownFields(Object.fromEntries(issue.keys.map((key) => [key, null])), [], Object.keys(fields))
    case 'invalid_type':
      return [mistakeOf(path, undefined, `expected ${forms[issue.expected] ?? issue.expected}`)]
    case 'invalid_value':
      return [mistakeOf(path, undefined, `expected ${String(issue.values[0])}`)]
    default:
      return [mistakeOf(path, undefined, issue.code === 'custom' ? issue.message : 'this has no meaning here')]
  }
}

const forms: Readonly<Record<string, string>> = {
  string: 'text; put it in quotes',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  record: 'a map',
}

function nameOf(path: FieldPath): string {
  return path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? excerpt(part) : `.${excerpt(part)}`))
    .join('')
}

function isBase64(value: string): boolean {
  const packed = value.replace(/[\r\n]/g, '')
  return packed.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(packed)
}
