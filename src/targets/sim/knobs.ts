import { catalogue } from '../../tuning/catalogue.ts'
import type { Knob, KnobValue } from '../../tuning/knob.ts'
import type { KnobRequest } from '../../tuning/profiles.ts'
import type { KnobReading, KnobSupport } from '../target.ts'

const noProxies = 'not modelled: hollow nodes of the simulation run no kube-proxy, and no traffic flows'
const oneMember = 'not modelled: each simulated etcd has one member, and this matters between members only'

/** Knobs that do nothing in the model, and why; every other one acts. */
const notModelled: Readonly<Record<string, string>> = {
  'kubeProxy.mode': noProxies,
  'kubeProxy.ipvs.minSyncPeriod': noProxies,
  'kubeProxy.ipvs.syncPeriod': noProxies,
  'kubeProxy.ipvs.scheduler': noProxies,
  'kubeProxy.conntrack.maxPerCore': noProxies,
  'kubeProxy.conntrack.min': noProxies,
  'kubeProxy.cleanup': noProxies,
  'host.nf_conntrack_max': noProxies,
  'controllerManager.concurrentJobSyncs': 'not modelled: no plan has jobs',
  'controllerManager.concurrentServiceSyncs': 'not modelled: the controller behind it needs a cloud provider',
  'etcd.heartbeatInterval': oneMember,
  'etcd.electionTimeout': oneMember,
  'etcd.nice': 'not modelled: simulated processors serve in the order of arrival',
  'etcd.ioPriority': 'not modelled: simulated disks serve etcd alone',
  'etcd.walDisk': 'not modelled: simulated disks serve etcd alone',
}

/** Whether the model uses a knob. */
export function supportOf({ id }: Knob): KnobSupport {
  const because = notModelled[id]
  return because === undefined ? { supported: true } : { supported: false, because }
}

/** What the model uses; there is nothing else to ask. */
export function readKnobs(knobs: readonly Knob[], requests: readonly KnobRequest[]): KnobReading[] {
  const requested = new Map<string, KnobValue>(requests.map(({ knob, value }) => [knob.id, value]))
  const stock = new Map(catalogue.map((knob) => [knob.id, knob.stock]))
  return knobs.map(({ id }) => ({ id, effective: requested.get(id) ?? stock.get(id) ?? null, readFrom: 'the model' }))
}
