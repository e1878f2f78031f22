import { describe, expect, it } from 'vitest'
import type { Caveat } from '../../report/caveats.ts'
import type { ArmOutcome } from '../../result/result.ts'
import { filledResult } from '../../testing/filled-results.ts'
import { fillIn, probesIn } from '../../testing/outcomes.ts'
import { viewFor } from '../../testing/reports.ts'
import { sampleResult } from '../../testing/results.ts'

describe('caveats of a filled cluster', () => {
  it('should name every place where trust is lost', () => {
    const arms = filledArms()
    expect(arms.flatMap((arm) => said([arm]))).toEqual([
      'bad Machine-bound: this machine was the limit, so these times are upper bounds: untuned #1: Fleet of 1000 hollow nodes, processors 99 % busy',
      'warn Nodes that were not Ready for a while: untuned #1: 7 of 1,000 nodes: hollow-41, hollow-112, hollow-113, hollow-387, hollow-512, hollow-760, hollow-981',
      'warn The machine was expected to be too small for the fleet: untuned #1: the idle fleet was expected to need 2.8 of 2 cores',
      'warn The API server dropped our watch: tuned-split #1: fill, 64 pod events were seen up to 420 ms late',
      'warn Some of our requests were refused or lost: tuned-split #1: fill, retried 14 times, waiting 2.14 s in total',
    ])
  })

  it('should name limits of tested clusters that the plan exceeds', () => {
    const view = viewFor(sampleResult({ beyondTested: ['208 pods on the probe node: Kubernetes is tested up to 80'] }))
    const found = view.caveats.find(({ title }) => title.startsWith('Beyond the scale Kubernetes is tested at'))
    expect(found?.places).toEqual(['208 pods on the probe node: Kubernetes is tested up to 80'])
  })

  it('should tell once of a fill and of a probe that were machine-bound, whatever their steps say', () => {
    const [, tuned] = filledArms()
    for (const phase of tuned?.machine?.phases ?? []) phase.machineBound = /fill|probe\//.test(phase.step)
    Object.assign(fillIn(tuned) ?? {}, { machineBusy: 0.96 })
    Object.assign(probesIn(tuned)[0] ?? {}, { machineBusy: 0.95 })
    expect(placesOf([tuned], 'Machine-bound')).toEqual([
      'tuned-split #1: fill, processors 96 % busy',
      'tuned-split #1: rollout, processors 95 % busy',
    ])
  })

  it('should tell of the step of a fill or probe that did not get as far as a figure', () => {
    const [untuned] = filledArms()
    Object.assign(untuned ?? {}, { steps: [] })
    for (const phase of untuned?.machine?.phases ?? [])
      phase.machineBound = ['fill', 'probe/rollout'].includes(phase.step)
    expect(placesOf([untuned], 'Machine-bound')).toEqual([
      'untuned #1: Fill: 5000 pods in 50 namespaces, processors 54 % busy',
      'untuned #1: Rollout 1 -> 200, processors 37 % busy',
    ])
  })

  it('should tell nodes that came back from those that stayed away', () => {
    const [untuned] = filledArms()
    Object.assign(untuned?.fleet.flaps ?? {}, { notReadyAtEnd: ['hollow-41', 'hollow-981'] })
    expect(placesOf([untuned], 'Nodes that were not Ready for a while')[0]).toMatch(/: 5 of 1,000 nodes: hollow-112, /)
    expect(placesOf([untuned], 'Nodes not Ready at the end')).toEqual([
      'untuned #1: 2 of 1,000 nodes: hollow-41, hollow-981',
    ])
  })

  it('should say that nodes were there before, and that the run did not configure them unless it tuned their kubelets', () => {
    const [untuned] = filledArms()
    const title = 'Nodes that existed before the run'
    const knob = { id: 'kubelet.maxPods', component: 'kubelet', setting: 'maxPods', readFrom: '/configz' }
    const applied = { ...knob, requested: 500, effective: 500, status: 'applied' as const }
    Object.assign(untuned?.fleet ?? {}, { source: 'none' })
    for (const [knobs, words] of [
      [[{ ...applied, setBy: 'operator' }], 'did not create or configure them'],
      [[applied], 'did not create them'],
    ] as const) {
      Object.assign(untuned ?? {}, { knobs })
      expect(placesOf([untuned], title)).toEqual([`untuned #1: 1,000 nodes, the cluster's own nodes: the run ${words}`])
    }
  })

  it('should name what the plan itself sets and its target cannot, but not what a profile does', () => {
    const [untuned] = filledArms()
    const knob = { component: 'kube-apiserver', setting: '--v', effective: null, readFrom: null, requested: 5 }
    const notApplied = { ...knob, status: 'not-applied' as const }
    untuned?.knobs.push(
      { ...notApplied, id: 'kube-apiserver.flags.v', departs: true },
      { ...notApplied, id: 'etcd.nice' },
      { ...notApplied, id: 'etcd.walDisk', requested: null, departs: true },
    )
    expect(placesOf([untuned], 'Set by the plan but not applied here')).toEqual(['untuned #1: kube-apiserver.flags.v'])
  })

  it('should tell that nobody checked which server answered', () => {
    const [untuned] = filledArms()
    expect(placesOf([untuned], 'The identity of the API server was not verified')).toEqual([])
    Object.assign(untuned ?? {}, { insecure: true })
    expect(placesOf([untuned], 'The identity of the API server was not verified')).toEqual([
      'untuned #1: --allow-insecure',
    ])
  })

  it('should say once what was not read, and in which measurements', () => {
    const [untuned] = filledArms()
    const apiserver = {
      component: 'kube-apiserver',
      instance: 'kube-apiserver',
      because: 'answered from two processes',
    }
    const kubelet = { component: 'kubelet', instance: 'hollow-0', part: 'a_total', because: 'went down' }
    Object.assign(fillIn(untuned) ?? {}, { notRead: [apiserver] })
    for (const [index, probe] of (probesIn(untuned) ?? []).entries())
      Object.assign(probe, { notRead: index === 0 ? [apiserver, kubelet] : [apiserver] })
    expect(placesOf([untuned], 'Not read')).toEqual([
      'untuned #1: kube-apiserver: answered from two processes (fill, rollout, scale-down)',
      'untuned #1: kubelet hollow-0: a_total: went down (rollout)',
    ])
    const proxies = ['hollow-2', 'hollow-0'].map((instance) => ({
      component: 'kube-proxy',
      instance,
      because: 'not there before',
    }))
    Object.assign(fillIn(untuned) ?? {}, { notRead: [...proxies, { ...kubelet, instance: 'hollow-1' }] })
    for (const probe of probesIn(untuned) ?? []) Object.assign(probe, { notRead: [] })
    expect(placesOf([untuned], 'Not read')).toEqual([
      'untuned #1: kube-proxy hollow-0, hollow-2: not there before (fill)',
      'untuned #1: kubelet hollow-1: a_total: went down (fill)',
    ])
  })

  it('should name the stops that the arithmetic of limits contradicts', () => {
    const [untuned] = filledArms()
    const [explanation] = probesIn(untuned)[0]?.explanations ?? []
    Object.assign(explanation ?? {}, { boundBy: null, contradicts: true })
    expect(placesOf([untuned], 'Times shorter than the client limits allow')).toEqual(['untuned #1: rollout, created'])
  })

  it('should not name a thousand nodes', () => {
    const [untuned] = filledArms()
    const nodes = Array.from({ length: 1000 }, (_, index) => `hollow-${index}`)
    Object.assign(untuned?.fleet.flaps ?? {}, { count: 1000, nodes })
    expect(placesOf([untuned], 'Nodes that were not Ready for a while')[0]).toMatch(/hollow-7 and 992 more$/)
  })

  it('should say what a fill lacks and what it has too much', () => {
    const [, tuned] = filledArms()
    Object.assign(fillIn(tuned)?.objects['configmaps'] ?? {}, { observed: 997, failed: 3 })
    Object.assign(fillIn(tuned)?.pods ?? {}, { unexpected: 2 })
    expect(placesOf([tuned], 'The cluster was not filled')).toEqual([
      'tuned-split #1: 997 of 1,000 configmaps (3 could not be created)',
    ])
    expect(placesOf([tuned], 'More pods than planned')).toEqual(['tuned-split #1: fill, 2 pods'])
  })

  it('should be silent about a fleet that leaves the machine something to spare', () => {
    const [untuned] = filledArms()
    Object.assign(untuned?.fleet ?? {}, { estimate: { coresNeeded: 1.8, cores: 2 } })
    expect(placesOf([untuned], 'The machine was expected')).toEqual([])
    Object.assign(untuned?.fleet ?? {}, { estimate: { coresNeeded: 1.9, cores: 2 } })
    expect(placesOf([untuned], 'The machine was expected')).toHaveLength(1)
  })
})

describe('caveats of probes', () => {
  it('should say once of an arm that its probes ran real containers', () => {
    const [untuned] = sampleResult().arms
    Object.assign(untuned?.fleet ?? {}, { probeNode: 'real' })
    expect(probesIn(untuned)).toHaveLength(2)
    expect(placesOf([untuned], 'Probe containers are real')).toEqual(['untuned #1: node hollow-0001'])
  })

  it('should be silent when nothing went wrong', () => {
    expect(viewFor(sampleResult()).caveats).toEqual([])
  })

  it('should name every place where trust is lost, residue first', () => {
    const result = sampleResult()
    const arm = result.arms[1]
    Object.assign(probesIn(arm)[0] ?? {}, { machineBusy: 0.97 })
    const [, scaleDown] = probesIn(arm)
    if (arm === undefined || scaleDown === undefined) throw new Error('the sample has a second arm with two probes')
    arm.residue = ['namespace a']
    arm.outcome = 'failed'
    arm.error = 'apiserver gone'
    scaleDown.pods = { ...scaleDown.pods, unexpected: 3, censored: 12, censoredWithinMs: 210 }
    scaleDown.stopsVagueByMs = { deleted: 40 }
    const caveats = viewFor(result).caveats.map(({ title, places }) => `${title}: ${places.join(' | ')}`)
    expect(caveats).toEqual([
      'Left behind or not restored: tuned #1: namespace a',
      'Arms that did not finish: tuned #1: apiserver gone',
      'Machine-bound: this machine was the limit, so these times are upper bounds: tuned #1: rollout, processors 97 % busy',
      'More pods than planned (replacements, evictions): tuned #1: scale-down, 3 pods',
      'The API server dropped our watch: tuned #1: scale-down, 12 pod events were seen up to 210 ms late',
      'May be too long: tuned #1: scale-down, deleted, by up to 40 ms',
    ])
  })
})

function caveatsIn(arms: ArmOutcome[]): Caveat[] {
  return viewFor(filledResult({ arms })).caveats
}

function filledArms(): ArmOutcome[] {
  return filledResult().arms
}

function said(arms: ArmOutcome[]): string[] {
  return caveatsIn(arms).map(({ severity, title, places }) => `${severity} ${title}: ${places.join(' | ')}`)
}

function placesOf(arms: (ArmOutcome | undefined)[], title: string): string[] {
  const present = arms.filter((arm) => arm !== undefined)
  return caveatsIn(present).flatMap((caveat) => (caveat.title.startsWith(title) ? caveat.places : []))
}
