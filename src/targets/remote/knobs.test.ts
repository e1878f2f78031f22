import { describe, expect, it } from 'vitest'
import type { Places } from '../../tune/hosts/section.ts'
import { kubeProxySection } from '../../tune/hosts/section.ts'
import { catalogue } from '../../tuning/catalogue.ts'
import { knobById } from '../../tuning/find-knob.ts'
import { supportOf } from './knobs.ts'

const idsWhere = (source: 'hollow' | 'none', holds: (support: ReturnType<typeof supportOf>) => boolean) =>
  catalogue.filter((knob) => holds(supportOf(knob, { source }))).map(({ id }) => id)

describe('supportOf', () => {
  it('should set kubelets of hollow nodes itself, and leave the control plane to whoever runs it', () => {
    const own = idsWhere('hollow', (support) => support.supported && support.setBy === undefined)
    expect(own).toEqual(catalogue.filter(({ component }) => component === 'kubelet').map(({ id }) => id))
    const operated = idsWhere('hollow', (support) => support.supported && support.setBy === 'operator')
    expect(operated).toEqual(expect.arrayContaining(['controllerManager.kubeApiQps', 'etcd.splitByResource']))
  })

  it('should set nothing on nodes that are not its own', () => {
    expect(idsWhere('none', (support) => support.supported && support.setBy === undefined)).toEqual([])
  })

  it('should claim nothing of what nobody on the network tells', () => {
    expect(idsWhere('hollow', ({ supported }) => !supported)).toEqual(
      expect.arrayContaining(['kubeProxy.mode', 'host.nf_conntrack_max', 'etcd.nice', 'etcd.walDisk']),
    )
  })
})

it('should leave out what the cluster’s version has no more, where anything is known of that', () => {
  const [removed] = catalogue.filter(({ id }) => id === 'controllerManager.concurrentServiceSyncs')
  if (removed === undefined) throw new Error('no such knob')
  const on = (kubernetes?: string) => supportOf(removed, { source: 'hollow' }, kubernetes).supported
  expect([on('1.36'), on('1.37'), on('1.99'), on()]).toEqual([true, false, true, true])
})

it.each(['kubelet.config.registerWithTaints', 'kubelet.config.evictionHard'])(
  'should not claim %s of hollow nodes, which have it from elsewhere',
  (id) => {
    const knob = knobById(id)
    if (knob === undefined) throw new Error(`no knob ${id}`)
    expect(supportOf(knob, { source: 'hollow' }).supported).toBe(false)
    expect(supportOf(knob, { source: 'none' }).supported).toBe(true)
  },
)

it('should set a knob of kube-proxy only where every target says where that is configured', () => {
  const mode = knobById('kubeProxy.mode')
  if (mode === undefined) throw new Error('there is no such knob')
  const there = { hosts: [], kubeProxy: kubeProxySection().parse({}) }
  const nowhere = { hosts: [], kubeProxy: undefined }
  const on = (...places: Places[]) => supportOf(mode, { source: 'none' }, '1.37', places).supported
  expect([on(), on(there), on(there, there), on(there, nowhere)]).toEqual([false, true, true, false])
})
