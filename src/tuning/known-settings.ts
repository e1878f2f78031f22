import known134 from './known/1.34.json' with { type: 'json' }
import known135 from './known/1.35.json' with { type: 'json' }
import known136 from './known/1.36.json' with { type: 'json' }
import known137 from './known/1.37.json' with { type: 'json' }

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

/** Everything that the components of one Kubernetes version can be told, as their own code says: `make known` writes these files. */
export interface KnownSettings {
  /** `1.37` */
  version: string
  components: Readonly<Record<string, KnownComponent>>
}

/** What is known of every version that can be built, the newest first. */
export const knownSettings: readonly [KnownSettings, ...KnownSettings[]] = [
  { version: '1.37', components: componentsIn(known137) },
  { version: '1.36', components: componentsIn(known136) },
  { version: '1.35', components: componentsIn(known135) },
  { version: '1.34', components: componentsIn(known134) },
]

function componentsIn({ kubernetes: _, ...components }: { kubernetes: string } & KnownSettings['components']) {
  return components
}

/** What is known of a version; of the newest where none is named. Throws an `Error` for one that nothing is known of: the edges let none through. */
export function knownIn(version: string | undefined): KnownSettings {
  const [newest] = knownSettings
  const known = version === undefined ? newest : knownSettings.find((one) => one.version === version)
  if (known === undefined) throw new Error(`nothing is known of Kubernetes ${version}`)
  return known
}
