import type { NamedKnob } from '../knob.ts'
import type { Told } from './forms.ts'
import { duration, whole, word } from './forms.ts'

const field = (path: string, told: Told): NamedKnob => ({
  id: `kubeProxy.${path}`,
  component: 'kube-proxy',
  setting: { via: 'kube-proxy-config', field: path },
  readBack: { from: '/configz', path },
  ...told,
})

/** The kernel's (net/netfilter/ipvs): kube-proxy tries the one it is given when it starts. */
const ipvsSchedulers = 'rr wrr lc wlc lblc lblcr sh dh sed nq mh fo ovf twos'.split(' ')

/** kube-proxy's, and the connection table of its host. */
export const kubeProxyKnobs: readonly NamedKnob[] = [
  field('mode', {
    type: word('iptables', 'ipvs', 'nftables'),
    stock: 'iptables',
    affects: 'how Services are programmed on each node, and how long that takes',
    note: 'kube-proxy calls ipvs deprecated and recommends nftables',
  }),
  field('ipvs.minSyncPeriod', {
    type: duration(0),
    stock: '0s',
    affects: 'how long an endpoint change waits for the next sync',
  }),
  field('ipvs.syncPeriod', {
    type: duration(100),
    stock: '30s',
    affects: 'how often all rules are rewritten: processor time on each node',
  }),
  field('ipvs.scheduler', {
    type: word(...ipvsSchedulers),
    stock: 'rr',
    affects: 'which endpoint a connection goes to',
  }),
  field('conntrack.maxPerCore', {
    type: whole(0),
    unit: 'connections',
    stock: 32768,
    affects: 'connections that a node can track before it drops new ones',
    note: '2310720 / 16 cores; kube-proxy caps maxPerCore x cores at 1048576 since 1.36',
  }),
  field('conntrack.min', {
    type: whole(0),
    unit: 'connections',
    stock: 131072,
    affects: 'connections that a node can track, if maxPerCore x cores is less',
    note: 'applies only if maxPerCore x cores is at most 1048576',
  }),
  {
    id: 'kubeProxy.cleanup',
    component: 'kube-proxy',
    setting: { via: 'by-hand', what: 'kube-proxy --cleanup' },
    type: { kind: 'switch' },
    stock: null,
    readBack: { from: 'nowhere' },
    affects: 'rules left behind by an earlier mode',
    note: 'one-shot: removes old rules and exits; run it once when the mode changes',
  },
  {
    id: 'host.nf_conntrack_max',
    component: 'host',
    setting: { via: 'sysctl', key: 'net.netfilter.nf_conntrack_max' },
    type: whole(1),
    unit: 'connections',
    stock: null,
    readBack: { from: '/proc' },
    affects: 'connections that a node can track before it drops new ones',
    note: 'when it starts, kube-proxy raises it to what maxPerCore and min ask for; until 1.36, it also lowered it',
  },
]
