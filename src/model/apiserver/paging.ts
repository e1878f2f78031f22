import type { KubeRequest, ListAnswer } from '../../kube/requests.ts'
import type { KubeObject } from '../../kube/resources.ts'
import { badRequest, expired } from './refusals.ts'
import { selectionOf } from './selectors.ts'
import type { Store } from './store.ts'

type ListRequest = Extract<KubeRequest, { verb: 'list' }>

/** Answers lists page by page, all pages from the same state. */
export interface Pager {
  /** Throws `ApiError` 400 for a selector that cannot be understood, 410 for a page of a state that is forgotten. */
  list(request: ListRequest): ListAnswer<KubeObject>
}

/** A list that is being read, as it was at its beginning. */
interface Snapshot {
  objects: readonly KubeObject[]
  version: string
}

const invalidMessage = 'invalid continue token: continue key is not valid'
const expiredMessage =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.'

/** Lists in progress, and how many that have been read are kept for a client that has lost the last answer. */
const mostOpen = 100
const mostRead = 2

/**
 * A pager. A page may be asked for again, as by a client that has lost the answer. Lists that are not read to their end are
 * forgotten with the history, or when many others have come since.
 */
export function createPager(store: Store): Pager {
  const open = new Map<number, Snapshot>()
  const read = new Map<number, Snapshot>()
  let number = 0

  const keep = (snapshots: Map<number, Snapshot>, most: number, key: number, snapshot: Snapshot) => {
    snapshots.set(key, snapshot)
    if (snapshots.size > most) snapshots.delete(snapshots.keys().next().value as number)
  }

  return {
    list({ query, limit, continueFrom, metadataOnly }) {
      const { resource, namespace } = query
      const selection = selectionOf(query)
      const { known, from } = placeIn(continueFrom)
      const snapshot =
        known === undefined
          ? { objects: store.list(resource, namespace), version: String(store.version(resource)) }
          : (open.get(known) ?? read.get(known))
      if (snapshot === undefined || !store.remembers(resource, Number(snapshot.version))) throw expired(expiredMessage)
      const { objects, version } = snapshot
      const items: KubeObject[] = []
      if (from > objects.length) throw badRequest(invalidMessage)
      let next = from
      while (next < objects.length && (limit <= 0 || items.length < limit)) {
        const object = objects[next++] as KubeObject
        if (selection === undefined || selection(object)) items.push(asListed(object, metadataOnly))
      }
      const left = objects.length - next
      if (left === 0) {
        if (known !== undefined && open.delete(known)) keep(read, mostRead, known, snapshot)
        return { metadata: { resourceVersion: version }, items }
      }
      const key = known ?? ++number
      if (known === undefined) keep(open, mostOpen, key, snapshot)
      const token = `${key}/${next}`
      // With a selector the server does not know how many of the rest are selected.
      const remaining = selection === undefined ? { remainingItemCount: left } : {}
      return { metadata: { resourceVersion: version, continue: token, ...remaining }, items }
    },
  }
}

/** The list that a page belongs to, and where it begins; a list's first page has no token. */
function placeIn(token: string | undefined): { known: number | undefined; from: number } {
  if (token === undefined) return { known: undefined, from: 0 }
  const [, known, from] = /^(\d{1,15})\/(\d{1,15})$/.exec(token) ?? []
  if (known === undefined || from === undefined) throw badRequest(invalidMessage)
  return { known: Number(known), from: Number(from) }
}

/** Objects in a list have no kind of their own. */
function asListed(object: KubeObject, metadataOnly: boolean): KubeObject {
  if (metadataOnly) return { metadata: object.metadata }
  const { apiVersion: _, kind: __, ...listed } = object
  return listed
}
