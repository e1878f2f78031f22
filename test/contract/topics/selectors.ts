import { beforeAll, expect, it } from 'vitest'
import type { ListQuery } from '../../../src/kube/api.ts'
import { configMap, nowhere, pod } from '../objects.ts'
import type { Server } from '../tools.ts'
import { currentVersion, eventually, expectRefusal, namesOf, newPodNamespace, record } from '../tools.ts'

const labelled = {
  a: { tier: 'web', env: 'prod' },
  b: { tier: 'web', env: 'test' },
  c: { tier: 'db' },
  d: {},
}

const byLabel: Record<string, string[]> = {
  'tier=web': ['a', 'b'],
  'tier==web': ['a', 'b'],
  'tier=none': [],
  'tier!=web': ['c', 'd'],
  'tier in (web, db)': ['a', 'b', 'c'],
  'tier in (db)': ['c'],
  'tier notin (web)': ['c', 'd'],
  'tier notin (web,db)': ['d'],
  env: ['a', 'b'],
  '!env': ['c', 'd'],
  'tier=web,env=prod': ['a'],
  'tier in (web,db),!env': ['c'],
  'tier,env!=prod': ['b', 'c'],
}

/** Label and field selectors of lists, watches and counts. */
export function selectors(server: Server): void {
  let namespace = ''
  let node = ''
  const mine = (query: Omit<ListQuery<'configmaps'>, 'resource' | 'namespace'>): ListQuery<'configmaps'> => ({
    ...query,
    resource: 'configmaps',
    namespace,
    fieldSelector: query.fieldSelector ?? 'metadata.name!=kube-root-ca.crt',
  })

  beforeAll(async () => {
    const { api, clock, nodes } = server()
    namespace = await newPodNamespace(server())
    for (const [name, labels] of Object.entries(labelled))
      await api.create('configmaps', configMap(namespace, name, { metadata: { labels } }))
    node = nodes[0] ?? ''
    await api.create('pods', pod(namespace, 'runs', { nodeSelector: { 'kubernetes.io/hostname': node } }))
    await api.create('pods', pod(namespace, 'waits', nowhere))
    await eventually(clock, async () => {
      const { status } = await api.get({ resource: 'pods', namespace, name: 'runs' })
      expect(status?.phase).toBe('Running')
    })
  })

  it.each(Object.entries(byLabel))(
    'should select by labels when the selector is %s',
    async (labelSelector, expected) => {
      const { api } = server()
      expect(await namesOf(api, mine({ labelSelector }))).toEqual(expected)
      expect(await api.count(mine({ labelSelector }))).toBe(expected.length)
    },
  )

  it('should select by name and namespace when the field selector says so', async () => {
    const { api } = server()
    expect(await namesOf(api, mine({ fieldSelector: 'metadata.name=b' }))).toEqual(['b'])
    expect(await namesOf(api, { ...mine({ fieldSelector: 'metadata.name==b' }) })).toEqual(['b'])
    expect(await namesOf(api, mine({ fieldSelector: 'metadata.name=none' }))).toEqual([])
    expect(await namesOf(api, mine({ fieldSelector: 'metadata.name!=b,metadata.name!=kube-root-ca.crt' }))).toEqual([
      'a',
      'c',
      'd',
    ])
    // In all namespaces.
    const fieldSelector = `metadata.namespace=${namespace},metadata.name=b`
    expect(await namesOf(api, { resource: 'configmaps', fieldSelector })).toEqual(['b'])
    const alone = { resource: 'namespaces', fieldSelector: `metadata.name=${namespace}` } as const
    expect(await namesOf(api, alone)).toEqual([namespace])
  })

  it('should select by both when labels and fields are given', async () => {
    const { api } = server()
    expect(await namesOf(api, mine({ labelSelector: 'env', fieldSelector: 'metadata.name=b' }))).toEqual(['b'])
    expect(await namesOf(api, mine({ labelSelector: '!env', fieldSelector: 'metadata.name=b' }))).toEqual([])
  })

  it('should select pods by node and phase', async () => {
    const { api } = server()
    const podsWith = (fieldSelector: string) => namesOf(api, { resource: 'pods', namespace, fieldSelector })
    expect(await podsWith(`spec.nodeName=${node}`)).toEqual(['runs'])
    expect(await podsWith(`spec.nodeName!=${node}`)).toEqual(['waits'])
    expect(await podsWith('spec.nodeName=')).toEqual(['waits'])
    expect(await podsWith('status.phase=Running')).toEqual(['runs'])
    expect(await podsWith('status.phase=Pending')).toEqual(['waits'])
    expect(await podsWith('status.phase!=Running')).toEqual(['waits'])
    expect(await podsWith(`status.phase=Running,spec.nodeName=${node}`)).toEqual(['runs'])
    expect(await podsWith(`status.phase=Pending,spec.nodeName=${node}`)).toEqual([])
  })

  it('should refuse a selector with 400 BadRequest when the field cannot be selected by', async () => {
    const { api } = server()
    const ofPods = namesOf(api, { resource: 'pods', namespace, fieldSelector: 'spec.unknown=x' })
    await expectRefusal(ofPods, 400, 'BadRequest', 'field label not supported: spec.unknown')
    const ofMaps = namesOf(api, mine({ fieldSelector: 'data.key=x' }))
    await expectRefusal(ofMaps, 400, 'BadRequest', '"data.key" is not a known field selector')
    await expectRefusal(api.count(mine({ fieldSelector: 'data.key=x' })), 400, 'BadRequest')
    const resourceVersion = await currentVersion(api, 'configmaps')
    await using watch = record(server(), { ...mine({ fieldSelector: 'data.key=x' }), resourceVersion })
    await expectRefusal(watch.changes(1), 400, 'BadRequest', '"data.key" is not a known field selector')
  })

  it('should refuse a selector with 400 BadRequest when it cannot be parsed', async () => {
    const { api } = server()
    await expectRefusal(namesOf(api, mine({ labelSelector: 'tier in web' })), 400, 'BadRequest', 'unable to parse')
    const fieldSelector = 'metadata.name in (a)'
    await expectRefusal(namesOf(api, mine({ fieldSelector })), 400, 'BadRequest', 'invalid selector')
  })
}
