import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ConfigMap } from '../../../src/kube/resources.ts'
import type { Recording, Server } from '../tools.ts'
import { currentVersion, record } from '../tools.ts'

/** Bookmarks, of a watch that lasts as long as all other tests of the suite. */
export function bookmarks(server: Server): void {
  let quiet: Recording<ConfigMap> | undefined
  let resourceVersion = ''

  beforeAll(async () => {
    resourceVersion = await currentVersion(server().api, 'configmaps')
    const query = { resource: 'configmaps', fieldSelector: 'metadata.name=none', resourceVersion } as const
    quiet = record(server(), query)
  })
  afterAll(() => quiet?.[Symbol.asyncDispose]())

  it('should send a bookmark within 70 s when a watch has nothing to tell', async () => {
    const version = await quiet?.bookmark(70_000)
    expect(Number(version)).toBeGreaterThanOrEqual(Number(resourceVersion))
    expect(await quiet?.changes(0)).toEqual([])
  })
}
