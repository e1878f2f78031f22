import { Failure, messageOf } from '../base/errors.ts'
import { fieldsOf, isFields } from '../kube/status.ts'
import { parsePrometheusText } from '../measure/prometheus.ts'
import type { Knob, KnobReading, KnobValue } from '../tuning/knob.ts'
import { readValue } from '../tuning/value.ts'

/** A value as one process says it, and where. */
export interface RawReading {
  value: KnobValue
  from: string
}

/** A running component and what can be read of it. */
export interface ReadableComponent {
  component: string
  /** Tells it from others of the same component. */
  name: string
  /** The page at `/configz`, `/flagz` or `/metrics`. */
  readPage(path: string): Promise<string>
  /** What the kernel says of its process; absent when it runs on another machine. */
  readProcess?(knob: Knob): Promise<RawReading[]>
}

/** The apiserver's flag that says which etcd holds what. */
export const splitFlag = 'etcd-servers-overrides'

/** What the running components say about `knobs`, in their order; null, with the reason, where none of them says anything. */
export function readKnobs(knobs: readonly Knob[], components: readonly ReadableComponent[]): Promise<KnobReading[]> {
  const pages = new Map<string, Promise<string>>()
  const page: PageReader = (component, path) => {
    const key = `${component.component} ${component.name} ${path}`
    const known = pages.get(key) ?? component.readPage(path)
    pages.set(key, known)
    return known
  }
  return Promise.all(
    knobs.map(async (knob) => {
      const unread = { id: knob.id, effective: null, readFrom: null }
      // The apiserver knows which etcd holds what.
      const name = knob.setting.via === 'etcd-split' ? 'kube-apiserver' : knob.component
      const asked = components.filter(({ component }) => component === name)
      try {
        const found = (await Promise.all(asked.map((component) => readOne(knob, component, page)))).flat()
        const [first] = found
        if (first === undefined) return unread
        // What the knob's type does not know is shown as it was told, and is no value that was asked for.
        const values = [...new Set(found.map(({ value }) => inOneOrder(knob, readValue(knob.type, value) ?? value)))]
        const effective = values.length === 1 ? values[0] : values.join(' | ')
        return { id: knob.id, effective: effective ?? null, readFrom: first.from }
      } catch (error) {
        return { ...unread, because: messageOf(error) }
      }
    }),
  )
}

/** What the component keeps in a map, and adds to, it prints in another order every time. */
function inOneOrder({ type }: Knob, value: KnobValue): KnobValue {
  const isMap = type.kind === 'list' && type.added !== undefined
  return isMap && typeof value === 'string' ? value.split(',').toSorted().join(',') : value
}

type PageReader = (component: ReadableComponent, path: string) => Promise<string>

/** Everything one process says about a knob: several values when its threads differ, none when it does not know it. */
async function readOne(knob: Knob, component: ReadableComponent, page: PageReader): Promise<RawReading[]> {
  const { readBack, setting } = knob
  switch (readBack.from) {
    case '/configz': {
      const text = await page(component, '/configz')
      const { path, formerly = path } = readBack
      const value = valueAt(text, path) ?? valueAt(text, formerly)
      return value === undefined ? [] : [{ value, from: '/configz' }]
    }
    case '/flagz': {
      // Before 1.36 no apiserver has the page unless a feature gate turns it on.
      const process = component.readProcess
      const flags = await page(component, '/flagz').catch((error: unknown) => {
        if (process === undefined) throw error
      })
      if (flags === undefined) return (await process?.(knob)) ?? []
      if (setting.via === 'etcd-split')
        return [{ value: splitOf(flagOnPage(flags, splitFlag) ?? ''), from: 'kube-apiserver /flagz' }]
      const value = setting.via === 'flag' ? flagOnPage(flags, setting.flag) : undefined
      return value === undefined ? [] : [{ value, from: '/flagz' }]
    }
    case '/metrics':
      return metricOf(await page(component, '/metrics'), readBack)
    case 'environment': {
      const given = (await component.readProcess?.(knob)) ?? []
      // What nobody has set, or nobody can see, the program still tells where there is a metric of it.
      if (given.length > 0 || readBack.metric === undefined) return given
      return metricOf(await page(component, '/metrics'), { metric: readBack.metric })
    }
    case 'process arguments':
    case '/proc':
      return (await component.readProcess?.(knob)) ?? []
    case 'nowhere':
      return []
  }
}

function metricOf(page: string, { metric, name: wanted }: { metric: string; name?: string }): RawReading[] {
  return parsePrometheusText(page)
    .filter(({ name, labels }) => name === metric && (wanted === undefined || labels['name'] === wanted))
    .map(({ value }) => ({ value: wanted === undefined ? value : value === 1, from: '/metrics' }))
}

/** Before 1.36, pages have names of Go's (`ClientConnection.QPS`) where later ones have those of the file (`clientConnection.qps`). */
function fieldOf(fields: Record<string, unknown>, name: string): unknown {
  if (Object.hasOwn(fields, name)) return fields[name]
  const same = Object.keys(fields).find((one) => one.toLowerCase() === name.toLowerCase())
  return same === undefined ? undefined : fields[same]
}

/** A field of the only object on a `/configz` page. Throws `Failure('infrastructure')` for a page that is no JSON. */
export function valueAt(configz: string, path: string): KnobValue | undefined {
  let page: unknown
  try {
    page = JSON.parse(configz)
  } catch {
    // The parser's message would quote the page.
    throw new Failure('infrastructure', '/configz is not JSON')
  }
  let [value] = Object.values(fieldsOf(page))
  for (const name of path.split('.')) value = isFields(value) ? fieldOf(value, name) : undefined
  if (typeof value === 'object' && value !== null) return JSON.stringify(value)
  return typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean' ? value : undefined
}

/** A flag's value on a `/flagz` page, whose separator is drawn at random from four (k8s.io/apiserver/pkg/server/flagz). */
export function flagOnPage(flagz: string, flag: string): string | undefined {
  return new RegExp(`^${flag}(?:: ?|=| )(.*)$`, 'm').exec(flagz)?.[1]
}

/** The resources in `[/pods#https://...,coordination.k8s.io/leases#https://...]`, comma-separated. */
export function splitOf(overrides: string): string {
  return overrides
    .replace(/^\[|\]$/g, '')
    .split(',')
    .map((override) => override.split('#', 1)[0])
    .join(',')
}
