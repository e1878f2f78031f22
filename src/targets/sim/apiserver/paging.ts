import type { KubeRequest, ListAnswer } from '../../../kube/requests.ts'
import type { KubeObject } from '../../../kube/resources.ts'
import { badRequest, expired } from './refusals.ts'
import { selectionOf } from './selectors.ts'
import type { Store } from './store.ts'

type ListRequest = Extract<KubeRequest, { verb: 'list' }>

/** Answers lists page by page, all pages from the same state. */
export interface Pager {
  /** Throws `ApiError` 400 for a selector that cannot be understood, 410 for a page of a state that is forgotten. */
  list(request: ListRequest): ListAnswer<KubeObject>
}

/** What is left of a list that is being read. */
interface Rest {
  objects: readonly KubeObject[]
  from: number
  version: string
}

const expiredMessage =
  'The provided continue parameter is too old to display a consistent list result. You must start a new list without the continue parameter.'

/** A pager. Lists that are not read to their end are forgotten with the history, or when many others have come since. */
export function createPager(store: Store): Pager {
  const rests = new Map<string, Rest>()
  let number = 0
  const mostRests = 100

  return {
    list({ query, limit, continueFrom, metadataOnly }) {
      const { resource, namespace } = query
      const known = continueFrom === undefined ? undefined : rests.get(continueFrom)
      if (continueFrom !== undefined) {
        if (known === undefined || !store.remembers(resource, Number(known.version))) throw expired(expiredMessage)
        rests.delete(continueFrom)
      }
      const selection = selectionOf(query)
      const { objects, from, version } = known ?? {
        objects: store.list(resource, namespace),
        from: 0,
        version: String(store.version(resource)),
      }
      if (limit <= 0) throw badRequest('limit must be positive')
      const items: KubeObject[] = []
      let next = from
      while (next < objects.length && items.length < limit) {
        const object = objects[next++] as KubeObject
        if (selection === undefined || selection(object)) items.push(asListed(object, metadataOnly))
      }
      const left = objects.length - next
      if (left === 0) return { metadata: { resourceVersion: version }, items }
      const token = `page-${++number}`
      rests.set(token, { objects, from: next, version })
      if (rests.size > mostRests) rests.delete(rests.keys().next().value as string)
      // With a selector the server does not know how many of the rest are selected.
      const remaining = selection === undefined ? { remainingItemCount: left } : {}
      return { metadata: { resourceVersion: version, continue: token, ...remaining }, items }
    },
  }
}

/** Objects in a list have no kind of their own. */
function asListed({ apiVersion: _, kind: __, ...object }: KubeObject, metadataOnly: boolean): KubeObject {
  return metadataOnly ? { metadata: object.metadata } : object
}
