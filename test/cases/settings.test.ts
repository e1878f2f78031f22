import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Result } from '../../src/result/result.ts'
import { probesIn, resultSchema } from '../../src/testing/outcomes.ts'
import { scaleTestIn } from './scale-test.ts'

const inputs = join(import.meta.dirname, 'inputs')
const input = (name: string) => join(inputs, `${name}.yaml`)

const { scaleTest, folders } = scaleTestIn('settings')

function simulate(plan: string): Result {
  const { status, output } = scaleTest('run', plan, '--target', 'sim')
  expect(output).toContain('pass (simulated)')
  expect(status).toBe(0)
  const [run = ''] = readdirSync(folders.reports).filter((name) => name !== 'index.html')
  const result = resultSchema.parse(JSON.parse(readFileSync(join(folders.reports, run, 'result.json'), 'utf8')))
  rmSync(join(folders.reports, run), { recursive: true })
  return result
}

const knobOf = (result: Result, id: string) => result.arms[0]?.knobs.find((knob) => knob.id === id)
const stopsOf = (result: Result) => probesIn(result.arms[0])[0]?.stopsMs
const limiterOf = (result: Result, client: string) =>
  probesIn(result.arms[0])[0]?.limiters.find((limiter) => limiter.client === client)

describe('settings as people wrote them', () => {
  it.each([
    ['knob-nounit', '6:61', 'kubelet.nodeStatusUpdateFrequency takes a duration with a unit, such as 10s or 1m30s'],
    ['knob-qps-text', '6:46', 'kubelet.kubeAPIQPS takes a whole number from 0 to 2,147,483,647, not "fifty"'],
    [
      'knob-syncs-zero',
      '6:71',
      'controllerManager.concurrentDeploymentSyncs takes a whole number from 1 to 10,000, not 0',
    ],
    ['knob-proxy-mode', '6:42', 'kubeProxy.mode takes iptables, ipvs or nftables, not "ipvss"; did you mean ipvs?'],
  ])('should refuse %s where it is written, with what the knob takes (hostile 1)', (name, place, message) => {
    for (const command of ['run', 'plan']) {
      const { status, output } = scaleTest(command, input(name))
      expect(output).toContain(`${name}.yaml:${place}  arms[0].set[0].value: ${message}`)
      expect(status).toBe(2)
    }
  })

  it('should take 1m30s for 90s', () => {
    const written = simulate(input('knob-goduration'))
    expect(knobOf(written, 'kubelet.nodeStatusUpdateFrequency')).toMatchObject({
      requested: '90s',
      effective: '90s',
      status: 'applied',
    })
    const plain = join(folders.reports, 'plain.yaml')
    writeFileSync(plain, readFileSync(input('knob-goduration'), 'utf8').replace('1m30s', '90s'))
    const same = simulate(plain)
    expect(same).toEqual(written)
  })

  it('should take 8Gi for its bytes, and say so', () => {
    expect(knobOf(simulate(input('knob-quota-unit')), 'etcd.quotaBackendBytes')).toMatchObject({
      requested: 8_589_934_592,
      effective: 8_589_934_592,
      status: 'applied',
      note: expect.stringContaining('8589934592: 8.0 GiB'),
    })
  })

  it('should have no limit where client-go has none, and its default where it is 0', () => {
    const unlimited = simulate(input('kcm-qps-minus1'))
    expect(knobOf(unlimited, 'controllerManager.kubeApiQps')).toMatchObject({
      effective: -1,
      status: 'applied',
      note: expect.stringContaining('-1: no limit, as client-go has no limiter then'),
    })
    const slow = simulate(input('kcm-qps-0'))
    expect(knobOf(slow, 'controllerManager.kubeApiQps')).toMatchObject({
      effective: 0,
      status: 'applied',
      note: expect.stringContaining("0: client-go's default of 5 requests a second"),
    })
    expect(limiterOf(slow, 'controllers')).toMatchObject({ qps: 5, burst: 100 })
    // 199 pods at 5 a second, of which the burst lets 100 pass at once.
    expect(stopsOf(slow)?.created).toBeGreaterThan(((199 - 100) / 5) * 1000)
    expect(stopsOf(unlimited)?.created).toBeLessThan(2000)
  })

  it('should take durations and counts with their units everywhere in a plan', () => {
    const { status, output } = scaleTest('plan', input('wl-units'))
    expect(output.replace(/\s+/g, ' ')).toMatch(/1,?000 pods/)
    expect(output).toContain('10,000')
    expect(status).toBe(0)
  })

  it.each([
    [['run', 'smoke', '--repeat', '9007199254740991'], 'expected a whole number from 1 to 1,000'],
    [['simulate', '--seeds', '1', '--from', '1e300'], 'expected a whole number from 1 to 9,007,199,254,740,991'],
    [['plan', 'smoke', '--set', 'workload.pods.total=1000000000000'], 'expected a whole number from 0 to 1,000,000'],
    [['plan', 'smoke', '--set', 'workload.namespaces=100000000'], 'expected a whole number from 1 to 100,000'],
    [['what-if', 'smoke', '--vary', 'controllerManager.nodeMonitorPeriod=0s,5s'], 'of at least 100ms, not "0s"'],
    [['what-if', 'smoke', '--vary', 'fleet.node.memory="8Gi #x",64Gi'], 'found "8Gi #x"'],
  ])('should refuse %j (hostile 15)', (args, message) => {
    const { status, output } = scaleTest(...args)
    expect(output).toContain(message)
    expect(status).toBe(2)
  })
})
