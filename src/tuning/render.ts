import { fieldsOf } from '../kube/status.ts'
import type { Component } from './knob.ts'
import type { KnobRequest } from './profiles.ts'
import type { KnobType, KnobValue } from './value.ts'
import { valuesUnder } from './values.ts'

/** A configuration file's fields by their names. */
type Fields = Record<string, unknown>

/** Knob requests in the form components take them. */
export interface RenderedKnobs {
  /** A KubeletConfiguration overlay without apiVersion and kind. */
  kubeletConfiguration: Fields
  /** The same of a KubeSchedulerConfiguration; empty where flags say all of it. */
  schedulerConfiguration: Fields
  /** The same of a KubeProxyConfiguration: beside a file, kube-proxy ignores its flags. */
  proxyConfiguration: Fields
  /** Flag name without dashes -> value, per component. */
  flags: Partial<Record<Component, Record<string, string>>>
  /** What processes of a component find in their environment beside what they are given anyway. */
  environment: Partial<Record<Component, Record<string, string>>>
  /** Resources that get an etcd of their own, as `group/resource`. */
  etcdSplit: string[]
  /** What the kernel is to be told about etcd's processes. */
  etcdProcess: { nice?: number; ioPriority?: string }
  /** Whether etcd's write-ahead logs are on a disk of their own. */
  hasWalDisk: boolean
  /** What the kernel of each host is to be told, by its key: `net.netfilter.nf_conntrack_max`. */
  sysctls: Record<string, string>
}

/** The configuration file that a kubelet takes. */
export function kubeletFile(fields: Readonly<Fields>): object {
  return { apiVersion: 'kubelet.config.k8s.io/v1beta1', kind: 'KubeletConfiguration', ...fields }
}

/** The configuration file that a kube-proxy takes. */
export function proxyFile(fields: Readonly<Fields>): object {
  return { apiVersion: 'kubeproxy.config.k8s.io/v1alpha1', kind: 'KubeProxyConfiguration', ...fields }
}

/** Flags of kube-scheduler's client, by the names that a configuration file has for them: beside a file, it ignores the flags. */
const clientFields: Readonly<Record<string, string>> = { 'kube-api-qps': 'qps', 'kube-api-burst': 'burst' }

/**
 * What kube-scheduler is given by `fields` of a configuration file: that file, and the flags that go on beside it
 * (cmd/kube-scheduler/app/options/options.go, ApplyTo: leader election counts in both forms, deprecated flags only without a file).
 */
export function schedulerFile(
  fields: Readonly<Fields>,
  { kubeconfig, flags = {} }: { kubeconfig: string; flags?: Readonly<Record<string, string>> | undefined },
): { file: object; flags: Record<string, string> } {
  const client: Fields = { ...fieldsOf(fields['clientConnection']), kubeconfig }
  const rest: Record<string, string> = {}
  for (const [flag, value] of Object.entries(flags)) {
    const field = clientFields[flag]
    if (field === undefined) rest[flag] = value
    else client[field] = Number(value)
  }
  const header = { apiVersion: 'kubescheduler.config.k8s.io/v1', kind: 'KubeSchedulerConfiguration' }
  return { file: { ...header, ...fields, clientConnection: client }, flags: rest }
}

/** Sorts requests by how they reach their component. Requests a target cannot honour are to be left out before. */
export function renderKnobs(requests: readonly KnobRequest[]): RenderedKnobs {
  const values = valuesUnder(requests)
  const rendered: RenderedKnobs = {
    kubeletConfiguration: {},
    schedulerConfiguration: {},
    proxyConfiguration: {},
    flags: {},
    environment: {},
    etcdSplit: [],
    etcdProcess: {},
    hasWalDisk: false,
    sysctls: {},
  }
  const setFlag = (component: Component, name: string, text: string) => {
    rendered.flags[component] = { ...rendered.flags[component], [name]: text }
  }
  for (const { knob, value } of requests) {
    const { setting } = knob
    switch (setting.via) {
      case 'kubelet-config':
        setField(rendered.kubeletConfiguration, setting.field.split('.'), inFile(knob.type, value))
        break
      case 'kube-scheduler-config':
        setField(rendered.schedulerConfiguration, setting.field.split('.'), inFile(knob.type, value))
        break
      case 'kube-proxy-config':
        setField(rendered.proxyConfiguration, setting.field.split('.'), inFile(knob.type, value))
        break
      case 'flag':
        setFlag(knob.component, setting.flag, String(value))
        break
      case 'feature-gate':
        if (knob.component === 'kubelet') setField(rendered.kubeletConfiguration, ['featureGates', setting.gate], value)
        else if (knob.component === 'kube-proxy')
          setField(rendered.proxyConfiguration, ['featureGates', setting.gate], value)
        else {
          const others = rendered.flags[knob.component]?.['feature-gates']
          setFlag(
            knob.component,
            'feature-gates',
            [...(others === undefined ? [] : [others]), `${setting.gate}=${value}`].join(','),
          )
        }
        break
      case 'environment':
        rendered.environment[knob.component] = {
          ...rendered.environment[knob.component],
          [setting.variable]: String(value),
        }
        break
      case 'etcd-split':
        rendered.etcdSplit = values.list(knob.id)
        break
      case 'process':
        if (setting.attribute === 'nice') rendered.etcdProcess.nice = values.number(knob.id)
        else rendered.etcdProcess.ioPriority = values.text(knob.id)
        break
      case 'wal-disk':
        rendered.hasWalDisk = value === true
        break
      case 'sysctl':
        rendered.sysctls[setting.key] = String(value)
        break
      case 'by-hand':
        throw new Error(`${knob.id} reached render: ${setting.what} is for somebody to run`)
    }
  }
  return rendered
}

/** A list, or a map, is kept as JSON. */
function inFile(type: KnobType, value: KnobValue): unknown {
  return type.kind === 'structure' ? (JSON.parse(String(value)) as unknown) : value
}

function setField(fields: Fields, [name = '', ...below]: readonly string[], value: unknown): void {
  if (below.length === 0) fields[name] = value
  else {
    const inner: Fields = { ...fieldsOf(fields[name]) }
    setField(inner, below, value)
    fields[name] = inner
  }
}
