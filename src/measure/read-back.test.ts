import { describe, expect, it } from 'vitest'
import { flagOnPage, splitOf, valueAt } from './read-back.ts'

describe('valueAt', () => {
  const configz = '{"kubecontrollermanager.config.k8s.io":{"Generic":{"ClientConnection":{"qps":500}},"Port":0}}'

  it('should follow the path below the only key when there is a value', () => {
    expect(valueAt(configz, 'Generic.ClientConnection.qps')).toBe(500)
    expect(valueAt(configz, 'Port')).toBe(0)
  })

  it('should find nothing when the path leads nowhere or to an object', () => {
    expect(valueAt(configz, 'Generic.Nothing.qps')).toBeUndefined()
    expect(valueAt(configz, 'Generic')).toBeUndefined()
  })
})

describe('flagOnPage', () => {
  it.each([':', ': ', '=', ' '])('should read a flag when the separator is drawn as %j', (separator) => {
    const page = ['', 'apiserver flagz', `request-timeout${separator}1m0s`, `max-requests${separator}`].join('\n')
    expect(flagOnPage(page, 'request-timeout')).toBe('1m0s')
    expect(flagOnPage(page, 'max-requests')).toBe('')
  })

  it('should not take one flag for another when their names begin alike', () => {
    expect(flagOnPage('etcd-servers-overrides=[a]\n', 'etcd-servers')).toBeUndefined()
  })
})

describe('splitOf', () => {
  it('should name resources in order when there are overrides', () => {
    expect(splitOf('[/pods#https://127.0.0.1:1,coordination.k8s.io/leases#https://127.0.0.1:2]')).toBe(
      '/pods,coordination.k8s.io/leases',
    )
    expect(splitOf('[]')).toBe('')
  })
})
