import { expect, test } from 'vitest'
import { resourcePath } from './paths.ts'

test.each([
  [resourcePath('nodes'), '/api/v1/nodes'],
  [resourcePath('nodes', { name: 'hollow-1' }), '/api/v1/nodes/hollow-1'],
  [resourcePath('nodes', { namespace: 'load' }), '/api/v1/nodes'],
  [resourcePath('pods'), '/api/v1/pods'],
  [resourcePath('pods', { namespace: 'load' }), '/api/v1/namespaces/load/pods'],
  [resourcePath('namespaces', { name: 'load' }), '/api/v1/namespaces/load'],
  [
    resourcePath('deployments', { namespace: 'load', name: 'web', subresource: 'scale' }),
    '/apis/apps/v1/namespaces/load/deployments/web/scale',
  ],
  [resourcePath('nodes', { name: '../pods?x' }), '/api/v1/nodes/..%2Fpods%3Fx'],
  [
    resourcePath('pods', {}, { limit: '500', labelSelector: 'app=web,tier in (a)', continue: undefined }),
    '/api/v1/pods?limit=500&labelSelector=app%3Dweb%2Ctier+in+%28a%29',
  ],
])('should build %s', (path, expected) => {
  expect(path).toBe(expected)
})

test('should refuse one namespaced object when its namespace is missing', () => {
  expect(() => resourcePath('pods', { name: 'web' })).toThrow('a namespace is needed')
})
