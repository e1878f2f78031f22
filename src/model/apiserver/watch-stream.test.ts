import { expect, it } from 'vitest'
import type { WatchEvent } from '../../kube/api.ts'
import type { KubeObject } from '../../kube/resources.ts'
import type { ModelForTests } from '../../testing/model.ts'
import { openModelForTests } from '../../testing/model.ts'

/** The first events of a watch of the configmaps in `default`. */
async function told({ api }: ModelForTests, resourceVersion: string, count: number): Promise<string[]> {
  const stop = new AbortController()
  const query = { resource: 'configmaps', namespace: 'default', resourceVersion } as const
  const textOf = (event: WatchEvent<KubeObject>) =>
    event.type === 'BOOKMARK' ? `BOOKMARK ${event.resourceVersion}` : `${event.type} ${event.object.metadata.name}`
  const events: string[] = []
  for await (const event of api.watch(query, stop.signal)) if (events.push(textOf(event)) === count) break
  return events
}

it.each(['', '0'])('should begin with what there is, and a bookmark, when a watch starts at <%s>', async (version) => {
  await using cluster = openModelForTests()
  await cluster.clock.sleep(1000)
  const { metadata } = await cluster.api.create('configmaps', { metadata: { name: 'a', namespace: 'default' } })
  const expected = ['ADDED a', 'ADDED kube-root-ca.crt', `BOOKMARK ${metadata.resourceVersion}`]
  expect(await told(cluster, version, 3)).toEqual(expected)
})

it('should refuse a watch, as a server that did not foresee it, when its version is no number', async () => {
  await using cluster = openModelForTests()
  const message = 'watch configmaps: resourceVersion: Invalid value: "abc": strconv.ParseUint'
  await expect(told(cluster, 'abc', 1)).rejects.toMatchObject({
    status: 500,
    message: expect.stringContaining(message),
  })
})
