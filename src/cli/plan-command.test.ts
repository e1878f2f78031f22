import { describe, expect, it } from 'vitest'
import { Failure } from '../base/errors.ts'
import { forecastOf } from '../fleet/forecast.ts'
import type { MachineLook } from '../record/this-machine.ts'
import { stepKinds } from '../steps/registry.ts'
import { packNodes } from '../targets/local/fleet.ts'
import { productFolders } from '../testing/folders.ts'
import { armOf } from '../testing/profiles.ts'
import { planCommand, renderForecast } from './plan-command.ts'
import { loadPlan, planNames } from './plans.ts'
import { stylesFor } from './terminal.ts'

const { plans } = productFolders
const here = { cores: 2, memoryBytes: 24e9 }

function rendered(name: string, { everyNamespace = false, overrides = [] as string[] } = {}): string {
  const forecast = forecastOf(loadPlan(name, productFolders, overrides), here, stepKinds)
  return renderForecast(forecast, { styles: stylesFor(false), everyNamespace })
}

describe('renderForecast', () => {
  it('should show the document’s arithmetic for the document’s plan', () => {
    const text = rendered('5k-nodes')
    expect(text).toMatch(/15 KB x 60 s \/ period x 5,000: real nodes\s+15 MB\s+1,465 MB/)
    expect(text).toMatch(/events 10,000 x 4 KB x 30 %\s+12 MB\s+12 MB/)
    expect(text).toMatch(/unchanged status is rewritten every\s+5 m\s+3 s/)
    expect(text).toMatch(/quota of each\s+2\.0 GiB\s+8\.0 GiB/)
    expect(text).toMatch(/total\s+50\s+40,000\s+\d+\s+1,000\s+8,000\s+2,000\s+100/)
    expect(text).toMatch(/large\s+13 .*\n\s+medium\s+12 .*\n\s+small\s+25 /)
    expect(text).toContain('5,000 nodes on 45 hosts: 111.1 on each, at most 112')
    expect(text).toMatch(/all nodes at once, requests\/s\s+25,000\s+250,000/)
    expect(text).toContain('untuned: kube-controller-manager, 20 pods/s\n    tuned: kube-scheduler, 50 bindings/s')
    expect(text).toMatch(/rollout 1 -> 200\s+78 s\s+6 s/)
  })

  it('should warn of the classic shape on hosts of 110 pods, and say the two ways out', () => {
    const overrides = ['fleet.nodesPerProcess=1', 'fleet.host.maxPods=110']
    const text = rendered('5k-nodes', { overrides }).replaceAll(/\s+/g, ' ')
    expect(text).toContain(
      "112 hollow pods > 110 pods per host: raise its kubelet's max-pods (fleet.host.maxPods), or pack more nodes into each pod (fleet.nodesPerProcess: 2 or more)",
    )
    expect(text).toContain("Upstream's guide sets aside 10.4 GiB and 5.6 cores for 112 kubelets")
  })

  it('should say beforehand which arm of the heartbeat experiment the machine will bind', () => {
    const text = rendered('experiments/heartbeat')
    expect(text).toMatch(/cores in total\s+1\.1\s+2\.8\s+2$/m)
    expect(text).toMatch(/1,000 nodes Ready\s+84 s\s+≥ 84 s$/m)
    expect(text).toContain('! every-3s: idle, it needs 2.8 of the 2 cores here')
    expect(text).not.toContain('! built-in')
  })

  it('should list every namespace when asked', () => {
    expect(rendered('5k-nodes', { everyNamespace: true }).match(/scale-test-(large|medium|small)-\d\d/g)).toHaveLength(
      50,
    )
  })

  it('should tell of ballast, which has no column', () => {
    const overrides = ['workload.ballast={ total: 1.5GB, objectSize: 256KiB }']
    const text = rendered('1k-nodes', { overrides }).replaceAll(/\s+/g, ' ')
    expect(text).toContain('objects to create, 5,723 configmaps of ballast included; the')
  })

  it('should put one table below the other when there are more arms than the width takes', () => {
    const arms = [1, 2, 3, 4].map((index) => ({ ...armOf('tuned'), name: `a-rather-long-name-${index}` }))
    const forecast = forecastOf({ ...loadPlan('5k-nodes', productFolders), arms }, here, stepKinds)
    const lines = renderForecast(forecast, { styles: stylesFor(false), everyNamespace: false }).split('\n')
    expect(lines.filter((line) => /^ {2}quota of each/.test(line))).toHaveLength(2)
    expect(lines.filter((line) => line.length > 80)).toEqual([])
  })

  it.each(planNames(plans))('should keep within 80 columns for %s', (name) => {
    const lines = rendered(name, { everyNamespace: true }).split('\n')
    expect(lines.filter((line) => line.length > 80)).toEqual([])
  })
})

describe('planCommand', () => {
  const notLookedAt = () => {
    throw new Error('this machine has nothing to do with it')
  }
  const run = (plan: string, options: Parameters<typeof planCommand>[1], look?: () => MachineLook) => {
    const printed: string[] = []
    const terminal = {
      print: (line: string) => printed.push(line),
      write: () => {},
      printError: () => {},
      printAtOnce: () => {},
      interactive: false,
      columns: 80,
    }
    const folders = { ...productFolders, reports: '', components: '' }
    const interruption = { signal: new AbortController().signal, signalName: undefined, hint: undefined }
    const reportBug = (error: unknown) => {
      throw error
    }
    const styles = stylesFor(false)
    const surroundings = { terminal, styles, stdinIsTerminal: false, env: {}, folders, interruption, reportBug }
    const status = planCommand(plan, options, surroundings, look ?? notLookedAt)
    return { status, text: printed.join('\n') }
  }

  it('should print the same figures for programs', () => {
    const { status, text } = run('5k-nodes', { json: true })
    expect(status).toBe(0)
    expect(JSON.parse(text)).toMatchObject({
      plan: '5k-nodes',
      objects: { totals: { namespaces: 50, pods: 40_000, configmaps: 8000, secrets: 2000, services: 1000 } },
      fleet: { nodes: 5000, hosts: 45, nodesPerHost: 112, processesPerHost: 13 },
      apiserver: { kubeletQps: 0.2 },
    })
  })

  it('should take what is overridden into account', () => {
    const { text } = run('5k-nodes', { json: true, set: ['fleet.nodes=90'] })
    expect(JSON.parse(text)).toMatchObject({ fleet: { nodes: 90, nodesPerHost: 2 } })
  })

  it('should warn of a fleet that this machine, slow and busy as it is, does not get Ready in time', () => {
    const [idle, crowded] = [0, 9].map((loadPerCore) => {
      const look = () => ({ workMs: 60, busy: loadPerCore > 0 ? 1 : 0, loadPerCore })
      return run('1k-nodes', { target: 'local' }, look).text.replaceAll(/\s+/g, ' ')
    })
    expect(idle).not.toContain('fleet.timeout')
    expect(crowded).toMatch(
      /! an estimate: about \d+ m \d+ s until all 1000 nodes are Ready, more than fleet\.timeout \(10 m 0 s\); this machine .* has 10 % of its processors free\. Raise fleet\.timeout/,
    )
  })

  it.each(['sim', 'remote'])('should not look at this machine for target %s', (target) => {
    expect(run('5k-nodes', { target, json: true }).status).toBe(0)
  })

  it('should say how much memory a simulation takes, and nothing of it for real components', () => {
    expect(run('5k-nodes', { target: 'sim' }).text).toMatch(/memory {2}about \d+\.\d MiB for the simulation$/m)
    expect(run('5k-nodes', { target: 'remote' }).text).not.toContain('simulation')
  })

  it('should refuse a plan that there is not', () => {
    expect(() => run('none-such', {})).toThrow(Failure)
  })
})

describe('the number of processes', () => {
  it('should be what target local starts', () => {
    for (const nodes of [1, 2, 51, 52, 1000]) {
      for (const nodesPerProcess of [1, 10, 50]) {
        const plan = loadPlan('1k-nodes', productFolders)
        const { fleet } = forecastOf({ ...plan, fleet: { ...plan.fleet, nodes, nodesPerProcess } }, here, stepKinds)
        expect(fleet.processesPerHost).toBe(packNodes({ nodes, nodesPerProcess }).length)
      }
    }
  })
})
