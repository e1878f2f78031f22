import newest from './known/1.36.json' with { type: 'json' }

/** A flag or a field as its component knows it; `type` is Go's name for it (pflag), or `list`, `map` and `quantity` in a file. */
export interface KnownSetting {
  type: string
  /** Absent where there is none, or it depends on the machine. */
  default?: unknown
  deprecated?: boolean
}

/** A feature gate of a version; one that is locked has its default for good. */
export interface KnownGate {
  default: boolean
  stage: string
  locked?: boolean
}

/** What can be set of one component. */
export interface KnownComponent {
  /** By name, without dashes. */
  flags?: Readonly<Record<string, KnownSetting>>
  /** Fields of its configuration file, by dotted path. */
  config?: Readonly<Record<string, KnownSetting>>
  featureGates?: Readonly<Record<string, KnownGate>>
}

/** Everything that components of one Kubernetes version can be told, as their own code says: `make known` writes these files. */
export interface KnownSettings {
  /** `v1.36.3` */
  kubernetes: string
  components: Readonly<Record<string, KnownComponent>>
}

const { kubernetes, ...components } = newest

/** What the components of the default version know. */
export const knownSettings: KnownSettings = { kubernetes, components }

/** `1.36` */
export const knownVersion = kubernetes.replace(/^v(\d+\.\d+).*$/, '$1')
