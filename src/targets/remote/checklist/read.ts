import { z } from 'zod'
import { messageOf } from '../../../base/errors.ts'
import { ApiError } from '../../../kube/api.ts'
import type { RawEndpoint } from '../../../kube/http.ts'
import { parseJson } from '../../../kube/transport.ts'
import type { Seen } from './seen.ts'

/** Who reads, and how long. */
export interface Reader {
  api: RawEndpoint
  signal: AbortSignal
}

/** How to be allowed to read what was refused. */
const askForRights = 'Have an administrator apply manifests/rbac-checklist.yaml for this user'

/** What reading gives; where the cluster refuses it, why. Throws what `signal` aborts with. */
export async function attempt<T>(signal: AbortSignal, what: string, read: () => Promise<T>): Promise<Seen<T>> {
  try {
    return { value: await read() }
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof ApiError && (error.status === 403 || error.status === 401))
      return { because: `you may not ${what}`, next: askForRights }
    if (error instanceof ApiError && error.status === 404)
      return { because: `could not ${what}: it is not there`, next: 'See docs/checklist.md for where it is read from' }
    const because = error instanceof z.ZodError ? 'the answer does not have the expected form' : messageOf(error)
    return { because: `could not ${what}: ${because}`, next: 'Run doctor again' }
  }
}

const page = z.object({
  metadata: z.object({ continue: z.string().optional() }).optional(),
  items: z.array(z.unknown()).nullish(),
})

/** All objects in a list of the API, page by page, each read by `schema`. Throws `ApiError`, and `ZodError` for what is no such list. */
export async function listAll<T>({ api, signal }: Reader, path: string, schema: z.ZodType<T>): Promise<T[]> {
  const found: T[] = []
  for (let rest: string | undefined = ''; rest !== undefined; ) {
    const parameters = `limit=500${rest === '' ? '' : `&continue=${encodeURIComponent(rest)}`}`
    const text = await api.readText(`${path}${path.includes('?') ? '&' : '?'}${parameters}`, { signal })
    const { metadata, items } = page.parse(parseJson(text))
    found.push(...(items ?? []).map((item) => schema.parse(item)))
    const next = metadata?.continue
    rest = next === undefined || next === '' || next === rest ? undefined : next
  }
  return found
}

/** One object of the API. Throws like `listAll`. */
export async function getOne<T>(
  { api, signal }: Reader,
  path: string,
  schema: z.ZodType<T>,
  options: { attempts?: number } = {},
): Promise<T> {
  return schema.parse(parseJson(await api.readText(path, { signal, ...options })))
}
