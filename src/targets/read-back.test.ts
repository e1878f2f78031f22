import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Failure } from '../base/errors.ts'
import { catalogue } from '../tuning/catalogue.ts'
import { flagOnPage, readKnobs, splitOf, valueAt } from './read-back.ts'

describe('valueAt', () => {
  const configz = '{"kubecontrollermanager.config.k8s.io":{"Generic":{"ClientConnection":{"qps":500}},"Port":0}}'

  it('should follow the path below the only key when there is a value', () => {
    expect(valueAt(configz, 'Generic.ClientConnection.qps')).toBe(500)
    expect(valueAt(configz, 'Port')).toBe(0)
  })

  it('should find a field under the name that older versions have for it', () => {
    expect(valueAt('{"x":{"ClientConnection":{"QPS":50}}}', 'clientConnection.qps')).toBe(50)
  })

  it('should find nothing when the path leads nowhere', () => {
    expect(valueAt(configz, 'Generic.Nothing.qps')).toBeUndefined()
  })

  it('should give a list or a map as JSON', () => {
    expect(valueAt(configz, 'Generic.ClientConnection')).toBe('{"qps":500}')
  })
})

describe('readKnobs', () => {
  it.each(['NodeLifecycleController', 'KubeCloudShared'])(
    'should find a setting where its version of Kubernetes has it: in %s',
    async (section) => {
      const knob = catalogue.filter(({ id }) => id === 'controllerManager.nodeMonitorPeriod')
      const page = JSON.stringify({ 'kubecontrollermanager.config.k8s.io': { [section]: { NodeMonitorPeriod: '2s' } } })
      const component = { component: 'kube-controller-manager', name: 'kcm', readPage: async () => page }
      expect(await readKnobs(knob, [component])).toMatchObject([{ effective: '2s', readFrom: '/configz' }])
    },
  )
})

describe('a component without /flagz', () => {
  const knob = catalogue.filter(({ id }) => id === 'apiserver.defaultNotReadyTolerationSeconds')
  const readPage = () => Promise.reject(new Failure('infrastructure', 'the server could not find it'))
  const component = { component: 'kube-apiserver', name: 'kube-apiserver', readPage }

  it('should be asked for its arguments where it runs on this machine', async () => {
    const readProcess = async () => [{ value: '7', from: 'process arguments' }]
    expect(await readKnobs(knob, [{ ...component, readProcess }])).toMatchObject([
      { effective: 7, readFrom: 'process arguments' },
    ])
  })

  it('should say nothing where it does not', async () => {
    expect(await readKnobs(knob, [component])).toMatchObject([
      { effective: null, because: 'the server could not find it' },
    ])
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

describe('the readers of components’ pages', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc
      .array(fc.constantFrom(...'[]{}#,=:/ \n\r', 'a', 'max-pods', '"Port"', 'null', '1'))
      .map((pieces) => pieces.join('')),
    fc.json(),
  )

  it('should find a value or nothing, whatever a page says, or that it is not JSON', () => {
    fc.assert(
      fc.property(text, fc.constantFrom('Port', 'a.b', 'constructor.name', 'length', '__proto__'), (page, path) => {
        expect(['number', 'string', 'boolean', 'undefined']).toContain(typeof flagOnPage(page, 'max-pods'))
        expect(typeof splitOf(page)).toBe('string')
        try {
          const value = valueAt(page, path)
          expect(['number', 'string', 'boolean', 'undefined']).toContain(typeof value)
        } catch (error) {
          expect(error).toBeInstanceOf(Failure)
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('should read back a flag and a field, whatever their values', () => {
    const value = fc.string({ unit: 'grapheme-ascii' }).map((flag) => flag.trim())
    const separator = fc.constantFrom(':', ': ', '=', ' ')
    fc.assert(
      fc.property(value, separator, fc.constantFrom('\n', '\r\n'), (flag, between, end) => {
        const page = ['', 'x flagz', `max${between}1`, `max-pods${between}${flag}`, `max-pods-2${between}0`, ''].join(
          end,
        )
        expect(flagOnPage(page, 'max-pods')).toBe(flag)
        expect(valueAt(JSON.stringify({ x: { y: { z: flag } } }), 'y.z')).toBe(flag)
      }),
    )
  })

  it('should read back the resources of any overrides', () => {
    const resource = fc.stringMatching(/^[a-z.]{1,9}\/[a-z]{1,9}$/)
    fc.assert(
      fc.property(fc.array(resource, { minLength: 1 }), (resources) => {
        const overrides = resources.map((one) => `${one}#https://10.0.0.1:2379;https://10.0.0.2:2379`)
        expect(splitOf(`[${overrides.join(',')}]`)).toBe(resources.join(','))
      }),
    )
  })
})
