import { Failure } from '../base/errors.ts'
import { isApiStatus } from '../kube/api.ts'
import { follow } from '../kube/follow.ts'
import type { Cluster } from '../targets/target.ts'

/**
 * Deletes a namespace that this run created and waits until it and all in it are gone. A namespace of the same name
 * but another UID belongs to somebody else and stays. Throws `Failure('residue')` with the namespace's own
 * conditions when `signal` aborts first.
 */
export async function deleteNamespace(
  { api, clock }: Pick<Cluster, 'api' | 'clock'>,
  { name, uid }: { name: string; uid: string },
  signal: AbortSignal,
): Promise<void> {
  try {
    await api.delete({ resource: 'namespaces', name }, { uid })
  } catch (error) {
    if (isApiStatus(error, 404) || isApiStatus(error, 409)) return
    throw error
  }
  let conditions = ''
  const query = { resource: 'namespaces', fieldSelector: `metadata.name=${name}` } as const
  for await (const event of follow(api, query, { clock, signal })) {
    if (event.type === 'SYNCED') {
      if (conditions === '') return
    } else if (event.type === 'DELETED') {
      if (event.object.metadata.uid === uid) return
    } else if (event.object.metadata.uid === uid) {
      const { phase, conditions: reasons = [] } = event.object.status ?? {}
      conditions = [phase, ...reasons.filter(({ status }) => status === 'True').map(({ message }) => message)].join(
        '; ',
      )
    } else return
  }
  throw new Failure('residue', `namespace ${name} is still there: ${conditions}`)
}
