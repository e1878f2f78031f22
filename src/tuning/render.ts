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
}

/** The configuration file that a kubelet takes. */
export function kubeletFile(fields: Readonly<Fields>): object {
  return { apiVersion: 'kubelet.config.k8s.io/v1beta1', kind: 'KubeletConfiguration', ...fields }
}

/** Sorts requests by how they reach their component. Requests a target cannot honour are to be left out before. */
export function renderKnobs(requests: readonly KnobRequest[]): RenderedKnobs {
  const values = valuesUnder(requests)
  const rendered: RenderedKnobs = {
    kubeletConfiguration: {},
    schedulerConfiguration: {},
    flags: {},
    environment: {},
    etcdSplit: [],
    etcdProcess: {},
    hasWalDisk: false,
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
      case 'flag':
        setFlag(knob.component, setting.flag, String(value))
        break
      case 'feature-gate':
        if (knob.component === 'kubelet') setField(rendered.kubeletConfiguration, ['featureGates', setting.gate], value)
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
      case 'kube-proxy-config':
      case 'sysctl':
      case 'by-hand':
        throw new Error(`${knob.id} reached render: no target renders ${setting.via} yet`)
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
