import type { Component } from './knob.ts'
import type { KnobRequest } from './profiles.ts'
import { valuesUnder } from './values.ts'

/** Knob requests in the form components take them. */
export interface RenderedKnobs {
  /** A KubeletConfiguration overlay without apiVersion and kind. */
  kubeletConfiguration: Record<string, unknown>
  /** Flag name without dashes -> value, per component. */
  flags: Partial<Record<Component, Record<string, string>>>
  /** Resources that get an etcd of their own, as `group/resource`. */
  etcdSplit: string[]
  /** What the kernel is to be told about etcd's processes. */
  etcdProcess: { nice?: number; ioPriority?: string }
}

/** Sorts requests by how they reach their component. Requests a target cannot honour are to be left out before. */
export function renderKnobs(requests: readonly KnobRequest[]): RenderedKnobs {
  const values = valuesUnder(requests)
  const rendered: RenderedKnobs = { kubeletConfiguration: {}, flags: {}, etcdSplit: [], etcdProcess: {} }
  for (const { knob, value } of requests) {
    const { setting } = knob
    switch (setting.via) {
      case 'kubelet-config':
        rendered.kubeletConfiguration[setting.field] = value
        break
      case 'flag':
        rendered.flags[knob.component] = { ...rendered.flags[knob.component], [setting.flag]: String(value) }
        break
      case 'etcd-split':
        rendered.etcdSplit = values.list(knob.id)
        break
      case 'process':
        if (setting.attribute === 'nice') rendered.etcdProcess.nice = values.number(knob.id)
        else rendered.etcdProcess.ioPriority = values.text(knob.id)
        break
      case 'kube-proxy-config':
      case 'sysctl':
      case 'by-hand':
        throw new Error(`${knob.id} reached render: no target renders ${setting.via} yet`)
    }
  }
  return rendered
}
