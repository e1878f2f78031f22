import type { z } from 'zod'
import { excerpt } from '../base/excerpt.ts'
import type { SchemaProblem } from '../base/schema-problems.ts'
import { shown } from '../base/shown.ts'
import type { PlannedArm, planSections } from './plan.ts'
import { armName } from './plan.ts'

type Sections = ReturnType<typeof planSections>
type Remote = NonNullable<z.infer<Sections['remote']>>

/** The sections that clusters elsewhere have to do with; undefined where they are not valid by themselves. */
export interface RemoteSections {
  fleet: z.infer<Sections['fleet']>
  remote: Remote | undefined
  arms: readonly PlannedArm[] | undefined
  probes: z.infer<Sections['probes']> | undefined
}

/** Mistakes between the clusters of target remote, the fleet, the arms and the node of the probes. */
export function checkRemote({ fleet, remote, arms, probes }: RemoteSections): SchemaProblem[] {
  return [
    ...selectorOf(fleet),
    ...identityOf(fleet.pods),
    ...taintsOf(fleet.pods),
    ...probeNodeOf(fleet, probes),
    ...(remote === undefined
      ? []
      : [
          ...hostOf(fleet, remote),
          ...restoreOf(remote),
          ...tunedHostsOf(remote),
          ...armsOf(remote, arms?.map(armName)),
        ]),
  ]
}

function selectorOf({ source, selector }: RemoteSections['fleet']): SchemaProblem[] {
  if (source !== 'hollow' || selector === undefined) return []
  const message = 'only selects existing nodes; set fleet.source to existing or none, or remove it'
  return [{ path: ['fleet', 'selector'], message }]
}

function identityOf({ identity, ca }: RemoteSections['fleet']['pods']): SchemaProblem[] {
  if (identity === 'ca' && ca === undefined)
    return [{ path: ['fleet', 'pods', 'identity'], message: 'ca also needs fleet.pods.ca: a certificate and its key' }]
  if (identity === 'csr' && ca !== undefined)
    return [{ path: ['fleet', 'pods', 'ca'], message: 'only used when fleet.pods.identity is ca' }]
  return []
}

/** A node has one taint at most of each key and effect. */
function taintsOf({ taints }: RemoteSections['fleet']['pods']): SchemaProblem[] {
  const kinds = taints.map((taint) => taint.replace(/=[^:]*/, ''))
  return kinds.flatMap((kind, index) =>
    kinds.indexOf(kind) === index
      ? []
      : [
          {
            path: ['fleet', 'pods', 'taints', index],
            message: `duplicate taint ${excerpt(kind)}; a node has one per key and effect`,
          },
        ],
  )
}

/** A fleet of ours has names that only the run knows. */
function probeNodeOf({ source }: RemoteSections['fleet'], probes: RemoteSections['probes']): SchemaProblem[] {
  if (source === 'hollow' || probes === undefined || probes.node !== undefined) return []
  const message = `required when fleet.source is ${source}: the node to time, by name or selector`
  return [{ path: ['probes'], key: 'node', message }]
}

function hostOf({ source }: RemoteSections['fleet'], { host }: Remote): SchemaProblem[] {
  if (source !== 'hollow' || host !== undefined) return []
  const message = 'required: the cluster that carries the hollow nodes (fleet.source: hollow)'
  return [{ path: ['remote'], key: 'host', message }]
}

function restoreOf({ retune, restore }: Remote): SchemaProblem[] {
  if (restore === undefined || retune !== undefined) return []
  return [{ path: ['remote', 'restore'], message: 'only used when remote.retune is set' }]
}

function tunedHostsOf({ tuneHosts, retune, targets }: Remote): SchemaProblem[] {
  if (tuneHosts === undefined) return []
  const path = ['remote', 'tuneHosts']
  if (retune !== undefined) return [{ path, message: 'not together with remote.retune: each would undo the other' }]
  return targets.flatMap(({ hosts, kubeProxy }, index) =>
    hosts === undefined && kubeProxy === undefined
      ? [
          {
            path: ['remote', 'targets', index],
            key: 'hosts',
            message:
              'hosts or kubeProxy is required when remote.tuneHosts is set; `scale-test tune discover` writes hosts',
          },
        ]
      : [],
  )
}

function armsOf({ targets }: Remote, names: readonly string[] | undefined): SchemaProblem[] {
  const path = (index: number) => ['remote', 'targets', index]
  const places = targets.map(({ kubeconfig, context }) => `${kubeconfig} ${context}`)
  const twice = targets.flatMap(({ context }, index): SchemaProblem[] => {
    if (places.indexOf(places[index] ?? '') === index) return []
    return [{ path: path(index), message: `duplicate target ${shown(context)}; list its arms in one place` }]
  })
  const unclear = targets.flatMap((target, index): SchemaProblem[] => {
    if (targets.length === 1 || target.arms !== undefined) return []
    return [
      {
        path: path(index),
        key: 'arms',
        message: 'required when there are several targets: the arms that run on this one',
      },
    ]
  })
  if (names === undefined || unclear.length > 0) return [...twice, ...unclear]
  const seen = new Set<string>()
  const wrong = targets.flatMap(({ arms = [] }, target) =>
    arms.flatMap((arm, index): SchemaProblem[] => {
      const at = [...path(target), 'arms', index]
      if (seen.has(arm)) return [{ path: at, message: `${shown(arm)} already runs on an earlier target` }]
      seen.add(arm)
      return []
    }),
  )
  // A file of clusters serves many plans, so that it may know arms which this one lacks.
  const homeless = names.filter((arm) => targets.every(({ arms }) => arms !== undefined && !arms.includes(arm)))
  const lacks = homeless.map((arm) => ({
    path: ['remote', 'targets'],
    message: `no target runs arm ${shown(arm)}`,
  }))
  return [...twice, ...wrong, ...lacks]
}
