import { didYouMean, formatList } from '../base/names.ts'
import { shown } from '../base/shown.ts'
import type { Component, Knob, ReadBack, Setting } from './knob.ts'
import type { KnownComponent, KnownSetting, KnownSettings } from './known-settings.ts'
import { knownIn, knownSettings } from './known-settings.ts'
import { fieldForFlag, isOwnField, isOwnFlag } from './own-flags.ts'
import type { KnobType, KnobValue } from './value.ts'
import { largestInt32, readValue } from './value.ts'

/** The ways to set anything of a component, as they stand in the middle of an id: `kube-apiserver.flags.event-ttl`. */
const sections = {
  flags: 'flag',
  config: 'configuration field',
  featureGates: 'feature gate',
  env: 'environment variable',
} as const
type Section = keyof typeof sections

/** Where each component takes what from. Hollow nodes have kubelets without flags, and kube-proxies are started with a file. */
const sectionsOf = {
  'kube-apiserver': ['flags', 'featureGates', 'env'],
  'kube-controller-manager': ['flags', 'featureGates', 'env'],
  'kube-scheduler': ['flags', 'config', 'featureGates', 'env'],
  kubelet: ['config', 'featureGates', 'env'],
  'kube-proxy': ['config', 'featureGates', 'env'],
  etcd: ['flags', 'featureGates', 'env'],
} as const satisfies Partial<Record<Component, readonly Section[]>>
type OpenComponent = keyof typeof sectionsOf

/** Ids of open knobs, for editors. */
export const openIdPattern = `^(${Object.entries(sectionsOf)
  .map(([component, own]) => `${component}\\.(${own.join('|')})`)
  .join('|')})\\..+$`

/** Of what a Go program takes from its environment, whatever it does (package runtime). */
const variablesOfGo: Readonly<Record<string, KnobType>> = {
  GOGC: { kind: 'whole number', min: 1, max: largestInt32 },
  GOMEMLIMIT: { kind: 'bytes' },
  GOMAXPROCS: { kind: 'whole number', min: 1, max: 1024 },
  GODEBUG: { kind: 'text' },
  GOTRACEBACK: { kind: 'text' },
}
/**
 * What Kubernetes' own code looks for (apimachinery pkg/util/net/http.go; client-go rest/client.go, tools/cache and
 * util/consistencydetector).
 */
const variablesOfKubernetes: Readonly<Record<string, KnobType>> = {
  ...variablesOfGo,
  DISABLE_HTTP2: { kind: 'text' },
  HTTP2_READ_IDLE_TIMEOUT_SECONDS: { kind: 'whole number', min: 0, max: largestInt32 },
  HTTP2_PING_TIMEOUT_SECONDS: { kind: 'whole number', min: 0, max: largestInt32 },
  KUBE_CACHE_MUTATION_DETECTOR: { kind: 'switch' },
  KUBE_CLIENT_BACKOFF_BASE: { kind: 'whole number', min: 0, max: largestInt32 },
  KUBE_CLIENT_BACKOFF_DURATION: { kind: 'whole number', min: 0, max: largestInt32 },
  KUBE_WATCHLIST_INCONSISTENCY_DETECTOR: { kind: 'switch' },
}

/** The variables that a component looks for: etcd has none of Kubernetes' code. */
function variablesOf(component: string): Readonly<Record<string, KnobType>> {
  return component === 'etcd' ? variablesOfGo : variablesOfKubernetes
}

/** Whether an id has the form of an open knob, be it one or not. */
export function isOpenId(id: string): boolean {
  return partsOf(id) !== undefined
}

function partsOf(id: string): { component: OpenComponent; section: string; name: string } | undefined {
  const [, component = '', section = '', name = ''] = /^([a-z-]+)\.([A-Za-z]+)\.(.+)$/s.exec(id) ?? []
  return Object.hasOwn(sectionsOf, component) ? { component: component as OpenComponent, section, name } : undefined
}

/** The ids of all open knobs of the newest version: what scale-test sets itself, or has a knob with a name for, included. */
export function openIds(): string[] {
  return Object.entries(sectionsOf).flatMap(([component, own]) => {
    const known: KnownComponent = knownIn(undefined).components[component] ?? {}
    const named: Record<Section, object> = {
      flags: known.flags ?? {},
      config: known.config ?? {},
      featureGates: known.featureGates ?? {},
      env: variablesOf(component),
    }
    return own.flatMap((section) => Object.keys(named[section]).map((name) => `${component}.${section}.${name}`))
  })
}

/** The id by which an open knob would set the same as a knob that has a name; undefined where there is none. */
export function openIdOf({ component, setting }: Knob): string | undefined {
  switch (setting.via) {
    case 'flag':
      return `${component}.flags.${setting.flag}`
    case 'kubelet-config':
    case 'kube-proxy-config':
    case 'kube-scheduler-config':
      return `${component}.config.${setting.field}`
    case 'feature-gate':
      return `${component}.featureGates.${setting.gate}`
    case 'environment':
      return `${component}.env.${setting.variable}`
    default:
      return undefined
  }
}

/**
 * The knob behind an id such as `kube-apiserver.featureGates.WatchList`: any flag, feature gate, configuration field or variable of a
 * component, as the newest version has it that knows it. Or why there is none: no version knows it, or scale-test sets it itself.
 */
export function openKnob(id: string): Knob | { refusal: string } {
  for (const settings of knownSettings) {
    const found = knobIn(settings, id)
    if (!('refusal' in found)) return found
  }
  return knobIn(knownIn(undefined), id)
}

/**
 * Why a version does not take a setting: its component does not know it, or has locked the gate to another value. Undefined where it takes
 * it, as far as names go.
 */
export function refusalOf(knob: Knob, value: KnobValue | null, version: string | undefined): string | undefined {
  const settings = knownIn(version)
  const id = openIdOf(knob)
  const parts = id === undefined ? undefined : partsOf(id)
  if (id === undefined || parts === undefined) return undefined
  // Another version knows the name: it is no slip.
  const found = knobIn(settings, id, () => '')
  if ('refusal' in found) return found.refusal
  const gate =
    parts.section === 'featureGates' ? entry(settings.components[parts.component]?.featureGates, parts.name) : undefined
  if (gate?.locked !== true || value === null || value === gate.default) return undefined
  return `feature gate ${parts.name} is locked to ${gate.default} in ${versionOf(parts.component, settings)}`
}

/** etcd has versions of its own. */
function versionOf(component: OpenComponent, { version }: KnownSettings): string {
  return component === 'etcd' ? `etcd, as of Kubernetes ${version},` : `${component} ${version}`
}

function knobIn(settings: KnownSettings, id: string, hint: typeof didYouMean = didYouMean): Knob | { refusal: string } {
  const parts = partsOf(id)
  if (parts === undefined) throw new Error(`${id} is no open knob's id`)
  const { component, section, name } = parts
  const own: readonly string[] = sectionsOf[component]
  if (!own.includes(section)) {
    const forms = formatList(own.map((one) => `${component}.${one}.NAME`))
    return { refusal: `${component} has no ${shown(section)}; it takes ${forms}` }
  }
  const { version } = settings
  const known: KnownComponent = settings.components[component] ?? {}
  const unknown = (candidates: readonly string[]) => ({
    refusal: `${versionOf(component, settings)} has no ${sections[section as Section]} ${shown(name)}${hint(name, candidates)}`,
  })
  const base = { id, component }
  switch (section as Section) {
    case 'flags': {
      if (isOwnFlag(component, name)) return { refusal: `scale-test sets --${name} of ${component} itself` }
      const field = fieldForFlag(component, name)
      if (field !== undefined)
        return {
          refusal: `${component} ignores --${name} when it has a configuration file; set ${component}.config.${field}`,
        }
      if (name === 'feature-gates') return { refusal: `set feature gates one by one: ${component}.featureGates.NAME` }
      const flag = entry(known.flags, name)
      if (flag === undefined) return unknown(Object.keys(known.flags ?? {}))
      const readBack: ReadBack = component === 'etcd' ? { from: 'process arguments' } : { from: '/flagz' }
      return { ...base, setting: { via: 'flag', flag: name }, readBack, ...typed(flag, version) }
    }
    case 'config': {
      if (name === 'featureGates') return { refusal: `set feature gates one by one: ${component}.featureGates.NAME` }
      if (isOwnField(component, name)) return { refusal: `scale-test sets ${name} of ${component} itself` }
      const field = entry(known.config, name)
      if (field === undefined) return unknown(Object.keys(known.config ?? {}))
      return {
        ...base,
        setting: configSetting(component, name),
        readBack: { from: '/configz', path: name },
        ...typed(field, version),
      }
    }
    case 'featureGates': {
      const gate = entry(known.featureGates, name)
      if (gate === undefined) return unknown(Object.keys(known.featureGates ?? {}))
      const metric = component === 'etcd' ? 'etcd_server_feature_enabled' : 'kubernetes_feature_enabled'
      return {
        ...base,
        setting: { via: 'feature-gate', gate: name },
        readBack: { from: '/metrics', metric, name },
        type: { kind: 'switch' },
        stock: gate.default,
        note: `${gate.stage} in ${version}`,
      }
    }
    case 'env': {
      // Kubernetes' programs replace client-go's gates by their own (pkg/features/kube_features.go), and then no variable sets them.
      const gate = component === 'etcd' ? undefined : /^KUBE_FEATURE_(.+)$/.exec(name)?.[1]
      if (gate !== undefined) return knobIn(settings, `${component}.featureGates.${gate}`, hint)
      const taken = variablesOf(component)
      const type = entry(taken, name)
      if (type === undefined) return unknown(Object.keys(taken))
      const readBack: ReadBack = { from: 'environment', ...metricOf(name) }
      return { ...base, setting: { via: 'environment', variable: name }, readBack, type, stock: null }
    }
  }
}

function entry<T>(entries: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  return entries !== undefined && Object.hasOwn(entries, name) ? entries[name] : undefined
}

function configSetting(component: OpenComponent, field: string): Setting {
  if (component === 'kubelet') return { via: 'kubelet-config', field }
  return { via: component === 'kube-proxy' ? 'kube-proxy-config' : 'kube-scheduler-config', field }
}

function typed(setting: KnownSetting, version: string): Pick<Knob, 'type' | 'stock' | 'note'> {
  const type = typeOf(setting.type)
  const stock = readValue(type, setting.default) ?? null
  return setting.deprecated === true ? { type, stock, note: `deprecated in ${version}` } : { type, stock }
}

/** What a Go type takes. What the component makes of a value in detail, it says itself before a run. */
function typeOf(type: string): KnobType {
  switch (type) {
    case 'bool':
      return { kind: 'switch' }
    case 'duration':
      return { kind: 'duration', minMs: 0 }
    case 'int32':
      return { kind: 'whole number', min: -largestInt32 - 1, max: largestInt32 }
    case 'uint16':
      return { kind: 'whole number', min: 0, max: 65_535 }
    case 'uint32':
      return { kind: 'whole number', min: 0, max: 2 ** 32 - 1 }
    case 'int':
    case 'int64':
      return { kind: 'whole number', min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER }
    case 'uint':
    case 'uint64':
      return { kind: 'whole number', min: 0, max: Number.MAX_SAFE_INTEGER }
    case 'float32':
    case 'float64':
      return { kind: 'float' }
    case 'stringSlice':
    case 'stringArray':
    case 'strings':
    case 'mapStringString':
    case 'mapStringBool':
    case 'stringToString':
      return { kind: 'list' }
    case 'list':
    case 'map':
      return { kind: 'structure', of: type }
    default:
      return { kind: 'text' }
  }
}

/** What tells of a variable where nobody sees the process: Go's own metrics. */
function metricOf(variable: string): { metric?: string } {
  if (variable === 'GOGC') return { metric: 'go_gc_gogc_percent' }
  return variable === 'GOMEMLIMIT' ? { metric: 'go_gc_gomemlimit_bytes' } : {}
}
