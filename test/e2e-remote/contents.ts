import type { KubeObject } from '../../src/kube/resources.ts'

/** Everything that a cluster keeps: `<group and version>/<resource> <namespace>/<name>` -> the object, its UID included. */
export type Contents = Readonly<Record<string, object>>

interface Resource {
  name: string
  kind: string
  verbs: readonly string[]
}

/** Events come with everything and go by themselves; component statuses are not kept but asked for. */
const unkept = ['Event', 'ComponentStatus']

/** Reads all objects of all kinds that a cluster knows, without what changes while nobody does anything. */
export async function contentsOf(read: (path: string) => Promise<unknown>): Promise<Contents> {
  const { groups } = (await read('/apis')) as { groups: { preferredVersion: { groupVersion: string } }[] }
  const roots = ['/api/v1', ...groups.map(({ preferredVersion }) => `/apis/${preferredVersion.groupVersion}`)]
  const entries = await Promise.all(
    roots.map(async (root) => {
      const { resources } = (await read(root)) as { resources: Resource[] }
      const kept = resources.filter(({ verbs, kind }) => verbs.includes('list') && !unkept.includes(kind))
      return Promise.all(
        kept.map(async ({ name, kind }) => {
          const { items } = (await read(`${root}/${name}`)) as { items: KubeObject[] }
          return items.filter(isKept).map((item) => {
            const { namespace = '', name: own } = item.metadata
            return [`${root}/${name} ${namespace}/${own}`, lastingOf(kind, item)] as const
          })
        }),
      )
    }),
  )
  return Object.fromEntries(entries.flat(2).sort(([left], [right]) => (left < right ? -1 : 1)))
}

/** An apiserver's Lease on its own name comes anew when the server is started again. */
function isKept({ metadata }: KubeObject): boolean {
  return metadata.labels?.['apiserver.kubernetes.io/identity'] === undefined
}

/** An object without its status and the bookkeeping of writes; of a Lease, renewed all the time, not even what it says. */
function lastingOf(kind: string, object: KubeObject): object {
  const metadata = { ...object.metadata, resourceVersion: undefined, generation: undefined, managedFields: undefined }
  return { ...object, metadata, status: undefined, ...(kind === 'Lease' && { spec: undefined }) }
}
