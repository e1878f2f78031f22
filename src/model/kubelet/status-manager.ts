import type { Pod } from '../../kube/resources.ts'
import { sameValue } from '../apiserver/same-value.ts'
import type { Client } from '../client-go/client.ts'

type PodStatus = NonNullable<Pod['status']>

/** A pod as the kubelet names it to the apiserver. */
export interface PodRef {
  namespace: string
  name: string
  uid: string
}

/** Writes pods' statuses to the apiserver. */
export interface StatusManager {
  /**
   * The pod's status now. `forced`: written even if it is no different, as for pods that are being deleted; `finished`: nothing of the pod is left,
   * so that its object may go.
   */
  set(pod: PodRef, status: PodStatus, options?: { forced?: boolean; finished?: boolean }): void
  forget(uid: string): void
  /** Writes nothing any more. */
  stop(): void
}

interface Entry {
  pod: PodRef
  status: PodStatus
  finished: boolean
  version: number
  writtenVersion: number
}

/**
 * The kubelet's status manager (pkg/kubelet/status/status_manager.go). One goroutine: a change pokes it, and it walks over all pods whose
 * status is newer than what it wrote, with their statuses as they were at the start of the walk; versions in between are
 * never written. Each pod takes a GET, a PATCH if there is a difference, and a DELETE once the pod is finished, one after the other; so
 * a throttled client makes versions fall away, and a free one writes them all.
 */
export function createStatusManager(client: Client): StatusManager {
  const entries = new Map<string, Entry>()
  let walking = false
  let isStopped = false

  const walk = () => {
    const batch: Entry[] = []
    for (const entry of entries.values()) if (entry.version > entry.writtenVersion) batch.push({ ...entry })
    walking = batch.length > 0
    let index = 0
    const next = () => {
      if (isStopped) return
      const entry = batch[index++]
      if (entry === undefined) walk()
      else write(entry, next)
    }
    if (walking) next()
  }

  const write = ({ pod, status, finished, version }: Entry, next: () => void) => {
    const ref = { resource: 'pods', namespace: pod.namespace, name: pod.name } as const
    /** What failed is taken up again by the next walk; that of a periodic one, ten seconds later, in the real one. */
    const written = () => {
      const entry = entries.get(pod.uid)
      if (entry !== undefined) entry.writtenVersion = version
    }
    client.get(ref, (error, current) => {
      if (error !== undefined && error.status !== 404) return next()
      if (current === undefined || current.metadata.uid !== pod.uid) {
        entries.delete(pod.uid)
        return next()
      }
      const remove = () => {
        if (!finished || current.metadata.deletionTimestamp === undefined) {
          written()
          return next()
        }
        client.delete(ref, { uid: pod.uid, graceSeconds: 0 }, (failed) => {
          if (failed === undefined || failed.status === 404) entries.delete(pod.uid)
          next()
        })
      }
      if (sameValue(current.status, status)) return remove()
      client.update(
        'PATCH',
        ref,
        'status',
        (stored) => (stored.metadata.uid === pod.uid ? { ...stored, status } : stored),
        (failed) => {
          if (failed === undefined || failed.status === 404) return remove()
          next()
        },
      )
    })
  }

  return {
    set(pod, status, { forced = false, finished = false } = {}) {
      const entry = entries.get(pod.uid)
      if (entry === undefined) entries.set(pod.uid, { pod, status, finished, version: 1, writtenVersion: 0 })
      else {
        if (!forced && entry.finished === finished && sameValue(entry.status, status)) return
        entry.status = status
        entry.finished = finished
        entry.version++
      }
      if (!walking) walk()
    },
    forget: (uid) => void entries.delete(uid),
    stop() {
      isStopped = true
    },
  }
}
