import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { scaleTestIn } from './scale-test.ts'

const input = (name: string) => join(import.meta.dirname, 'inputs', `${name}.yaml`)

const { scaleTest } = scaleTestIn('workloads')

describe('workloads as people wrote them', () => {
  it.each([
    ['wl-secrets-only', 0, '2 namespaces, no pods'],
    ['wl-one-namespace', 0, '3,000 pods'],
    ['wl-nodes-1', 0, '5 pods'],
    ['wl-etcd-density', 0, '11,011 other objects'],
    ['wl-services-6000', 0, '6,002 other objects'],
    ['wl-maxpods', 4, '110 of 200 pods Ready'],
    ['wl-hosts', 2, 'fleet.hosts: more hosts (5) than nodes (3)'],
  ])('should run %s to the end that it deserves (fault 26)', (name, status, words) => {
    const ran = scaleTest('run', input(name), '--target', 'sim')
    expect(ran.output).toContain(words)
    expect(ran.status).toBe(status)
  })

  it('should warn of more services in a namespace than Kubernetes is tested with', () => {
    const { status, output } = scaleTest('plan', input('wl-services-6000'))
    expect(output).toContain('6,000 services in one namespace: Kubernetes is tested up to 5,000')
    expect(status).toBe(0)
  })

  it('should warn when a plan asks for config objects per pod and has no pods', () => {
    expect(scaleTest('plan', input('wl-secrets-only')).output.replace(/\s+/g, ' ')).toContain(
      'no configmaps and no secrets: the workload has 0 pods',
    )
  })
})

describe('public configurations of other tools', () => {
  it.each([
    ['clusterloader2-load', '3,000 pods Ready, 1,147 other objects'],
    ['kube-burner-cluster-density', '200 pods Ready, 620 other objects'],
    ['kperf-node100-pod10k', '10,000 pods Ready, 40 other objects'],
  ])('should run as examples/%s', (name, words) => {
    const { status, output } = scaleTest('run', `examples/${name}`, '--target', 'sim')
    expect(output).toContain(words)
    expect(status).toBe(0)
  })
})
