import { describe, expect, it } from 'vitest'
import { Failure } from '../base/errors.ts'
import { armOf, profiles } from '../testing/profiles.ts'
import { catalogue } from './catalogue.ts'
import { parseVariation } from './vary.ts'

function refusalOf(text: string): Failure {
  try {
    parseVariation(text)
  } catch (error) {
    if (error instanceof Failure) return error
    throw error
  }
  throw new Error(`${text} was taken`)
}

describe('parseVariation', () => {
  it('should bring numbers and durations into rising order, as the knob takes them', () => {
    expect(parseVariation('kubelet.kubeAPIQPS=100, 5,20').values).toEqual([5, 20, 100])
    expect(parseVariation('kubelet.nodeStatusUpdateFrequency=1m,3s,10s').values).toEqual(['3s', '10s', '60s'])
    expect(parseVariation('etcd.autoCompactionRetention=10000,1000').values).toEqual(['1000', '10000'])
    expect(parseVariation('etcd.nice=0,-20').values).toEqual([-20, 0])
    expect(parseVariation('controllerManager.kubeApiQps=0.5,1').values).toEqual([0.5, 1])
  })

  it('should leave names in the order they are given, with their commas where they are quoted', () => {
    const { values } = parseVariation('etcd.splitByResource="/pods,/events","",/pods')
    expect(values).toEqual(['/pods,/events', '', '/pods'])
  })

  it('should take the fields of a plan that arms can differ in', () => {
    const { varied, knob, values } = parseVariation('workload.pace.rate=1000/s,200/s')
    expect({ varied, knob, values }).toEqual({
      varied: 'workload.pace.rate',
      knob: undefined,
      values: ['200/s', '1000/s'],
    })
    expect(parseVariation('fleet.nodes=1000,100').values).toEqual([100, 1000])
    expect(parseVariation('steps[1].fill.pods.total=400,200').values).toEqual([200, 400])
  })

  it('should name the knob that was meant', () => {
    expect(refusalOf('kubelet.kubeApiQp=1,2').message).toContain('did you mean kubelet.kubeAPIQPS')
    expect(refusalOf('kubelet.maxPod=1,2').message).toBe(
      'there is no knob kubelet.maxPod; did you mean kubelet.maxPods?',
    )
    expect(refusalOf('memory=1,2').message).toBe('there is no knob memory')
    expect(() => parseVariation('nodes=1,2', ['fleet.nodes', 'fleet.hosts', 'seed'])).toThrow(
      'there is no knob nodes; did you mean fleet.nodes?',
    )
    expect(() => parseVariation('sed=1,2', ['fleet.nodes', 'seed'])).toThrow(/^there is no knob sed$/)
  })

  it('should show no more of what it was given than a line, and no secrets', () => {
    const shownOf = (text: string) => refusalOf(text).message
    expect(shownOf('fleet.nodes={token: canary},5')).toBe(
      '--vary fleet.nodes={token: [hidden]},5: expected values, found a map',
    )
    expect(shownOf('token=canary')).not.toContain('canary')
    expect(shownOf(`fleet.nodes=${'x'.repeat(5000)},[5]`).length).toBeLessThan(200)
    const long = 'x'.repeat(5000)
    expect(shownOf(`probes.pod.image=${long},${long}`).length).toBeLessThan(300)
  })

  it.each([
    ['kubelet.kubeAPIQPS', 'expected a setting and its values'],
    ['=1,2', 'expected a setting and its values'],
    ['kubelet.kubeAPIQPS=', 'a single value'],
    ['kubelet.kubeAPIQPS=5', 'a single value'],
    ['kubelet.kubeAPIQPS=5,5.0', '5 is given twice'],
    ['kubelet.kubeAPIQPS=5,fast', 'takes a whole number from 0 to 2,147,483,647, not "fast"'],
    ['kubelet.kubeAPIQPS=5,,6', '--vary kubelet.kubeAPIQPS=5,,6: '],
    ['kubelet.kubeAPIQPS=5,2.5', 'a whole number'],
    ['kubelet.kubeAPIQPS=-1,5', 'from 0 to'],
    ['kubelet.kubeAPIQPS=5,[6]', 'expected values, found a list'],
    ['kubelet.kubeAPIQPS=5,"6', 'a quote is opened and never closed'],
    ['kubelet.kubeAPIQPS=5,!a 6', 'tags such as !name are not supported'],
    ['kubelet.kubeAPIQPS=5,*a', 'aliases (*name) are not supported'],
    ['kubelet.nodeStatusUpdateFrequency=90s,1m30s', '90s is given twice'],
    ['kubelet.kubeAPIQPS="5",6', 'not "5"; write it without quotes'],
    ['kubelet.kubeAPIQPS=5,~', 'expected values, found null'],
    ['kubeProxy.mode=iptables,ipvss', 'not "ipvss"; did you mean ipvs?'],
    ['fleet.nodes=100,1e2', '100 is given twice'],
    ['etcd.nice=0,20', 'from -20 to 19'],
    [
      'kubelet.nodeStatusUpdateFrequency=3,10',
      'a duration with a unit, such as 10s or 1m30s, of at least 100ms, not 3',
    ],
    ['etcd.autoCompactionMode=periodic,never', 'periodic or revision, not "never"'],
    [
      'etcd.autoCompactionRetention=1000,much',
      'a number of revisions, or a period of at least 1s, such as 1h, not "much"',
    ],
    ['fleet.hosts=1,2', 'share their machines'],
    ['fleet.host.cpu=1,2', 'share their machines'],
    ['seed=1,2', 'there is no knob seed'],
    ['probes.sequence[0].to=1,2', 'there is no knob probes.sequence[0].to'],
    ['steps[0].probe.to=1,2', 'there is no knob steps[0].probe.to'],
  ])('should refuse %s', (text, message) => {
    expect(refusalOf(text)).toMatchObject({ kind: 'bad-input', message: expect.stringContaining(message) })
  })

  it('should take the known values of every knob', () => {
    const settings = profiles.names.flatMap((name) => armOf(name).base)
    for (const { id, stock } of catalogue) {
      const set = settings.filter(({ knob }) => knob === id).map(({ value }) => value)
      const known = [...new Set([stock, ...set])].filter((value) => value !== null)
      if (known.length < 2) continue
      const { values } = parseVariation(`${id}=${known.map((value) => JSON.stringify(value)).join(',')}`)
      expect(values.toSorted()).toEqual(known.toSorted())
    }
  })
})
