import type { KnobType, KnobValue } from './value.ts'

export type { KnobValue } from './value.ts'

/** What runs a knob's value. */
export type Component =
  | 'kubelet'
  | 'kube-controller-manager'
  | 'kube-scheduler'
  | 'kube-apiserver'
  | 'kube-proxy'
  | 'etcd'
  | 'host'

/** How a value reaches its component. */
export type Setting =
  | { via: 'kubelet-config'; field: string }
  | { via: 'kube-proxy-config'; field: string }
  | { via: 'kube-scheduler-config'; field: string }
  | { via: 'flag'; flag: string }
  | { via: 'feature-gate'; gate: string }
  | { via: 'environment'; variable: string }
  /** A property of the running process that the kernel keeps. */
  | { via: 'process'; attribute: 'nice' | 'io-priority' }
  | { via: 'sysctl'; key: string }
  /** How many etcd clusters there are and which resources each holds. */
  | { via: 'etcd-split' }
  /** Whether the write-ahead log has a disk of its own. */
  | { via: 'wal-disk' }
  /** Something a person has to arrange or run by hand. */
  | { via: 'by-hand'; what: string }

/** Where the effective value can be read once the component runs. */
export type ReadBack =
  /** A dotted path into the configuration object that `/configz` shows, and the one that earlier versions had. */
  | { from: '/configz'; path: string; formerly?: string }
  /** A line of the component's `/flagz`. */
  | { from: '/flagz' }
  /** The sample of a metric, by its label `name` where there are several. */
  | { from: '/metrics'; metric: string; name?: string }
  /** The process's argument list; an absent flag means the built-in default. */
  | { from: 'process arguments' }
  /** The environment that the process was started with; `metric` tells the same where nobody sees the process. */
  | { from: 'environment'; metric?: string }
  /** The kernel's view of the process. */
  | { from: '/proc' }
  | { from: 'nowhere' }

/** One setting of one component: a row of the reference document. */
export interface Knob {
  id: string
  component: Component
  setting: Setting
  /** What its component starts and works with; null only takes it away, so that its component's own default holds. */
  type: KnobType
  /** What a number counts: `requests/s`; absent where its type says it, as of a duration. */
  unit?: string
  /** What a value means where it does not speak for itself, such as 0 for a default. */
  meaningOf?: (value: KnobValue) => string | undefined
  /** The built-in value, the same in all versions that have it; null when it depends on the machine or there is none. */
  stock: KnobValue | null
  readBack: ReadBack
  /** What is true of it in this version: a replacement, a side effect, a limit. */
  note?: string
}

/** A knob of the catalogue. */
export interface NamedKnob extends Knob {
  /** What it moves, in a phrase. */
  affects: string
}

/** A knob's value as the running component has it; null when it cannot be read, with the reason where that is known. */
export interface KnobReading {
  id: string
  effective: KnobValue | null
  readFrom: string | null
  because?: string
  /** Why it is another value than the one that was asked for. */
  note?: string
}
