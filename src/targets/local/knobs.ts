import { readFileSync } from 'node:fs'
import { parsePrometheusText } from '../../measure/prometheus.ts'
import type { Knob, KnobValue } from '../../tuning/knob.ts'
import type { KnobReading, KnobSupport } from '../target.ts'
import type { RunningComponent } from './control-plane.ts'
import { readIoPriority, readNice } from './priority.ts'

/** What this machine lets a run do. */
export interface Permissions {
  mayRaisePriority: boolean
  hasIonice: boolean
}

/** Which knobs the local target honours, and why not the others. */
export function supportOf({ setting }: Knob, permissions: Permissions): KnobSupport {
  switch (setting.via) {
    case 'kubelet-config':
    case 'flag':
    case 'etcd-split':
      return { supported: true }
    case 'process':
      if (setting.attribute === 'nice' && !permissions.mayRaisePriority)
        return no('only root, or who has CAP_SYS_NICE, may raise a priority')
      if (setting.attribute === 'io-priority' && !permissions.hasIonice)
        return no('ionice (of util-linux) is not installed')
      return { supported: true }
    case 'kube-proxy-config':
      return no('hollow nodes on this target run no kube-proxy')
    case 'sysctl':
      return no('a setting of the whole machine, which a run on it leaves alone')
    case 'by-hand':
      return no(`arranged by hand: ${setting.what}`)
  }
}

/** What the running components say about `knobs`, in their order; null where none of them says anything. */
export function readKnobs(
  knobs: readonly Knob[],
  requested: ReadonlyMap<string, KnobValue>,
  components: readonly RunningComponent[],
): Promise<KnobReading[]> {
  const pages = new Map<string, Promise<string>>()
  const page: PageReader = ({ name, endpoint }, path) => {
    const key = `${name} ${path}`
    const known = pages.get(key) ?? endpoint.readText(path)
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
        const like = requested.get(knob.id) ?? knob.stock ?? knob.tuned
        const values = [...new Set(found.map(({ value }) => asWritten(value, like)))]
        const effective = values.length === 1 ? values[0] : values.join(' | ')
        return { id: knob.id, effective: effective ?? null, readFrom: first.from }
      } catch {
        return unread
      }
    }),
  )
}

type PageReader = (component: RunningComponent, path: string) => Promise<string>

interface RawReading {
  value: KnobValue
  from: string
}

/** Everything one process says about a knob: several values when its threads differ, none when it does not know it. */
async function readOne(knob: Knob, component: RunningComponent, page: PageReader): Promise<RawReading[]> {
  const { readBack, setting } = knob
  switch (readBack.from) {
    case '/configz': {
      const value = valueAt(await page(component, '/configz'), readBack.path)
      return value === undefined ? [] : [{ value, from: '/configz' }]
    }
    case '/flagz': {
      const flags = await page(component, '/flagz')
      if (setting.via === 'etcd-split')
        return [{ value: splitOf(flagOnPage(flags, 'etcd-servers-overrides') ?? ''), from: 'kube-apiserver /flagz' }]
      const value = setting.via === 'flag' ? flagOnPage(flags, setting.flag) : undefined
      return value === undefined ? [] : [{ value, from: '/flagz' }]
    }
    case '/metrics': {
      const samples = parsePrometheusText(await page(component, '/metrics'))
      return samples.filter(({ name }) => name === readBack.metric).map(({ value }) => ({ value, from: '/metrics' }))
    }
    case 'process arguments': {
      const commandLine = readFileSync(`/proc/${component.pid}/cmdline`, 'utf8').split('\0')
      const prefix = setting.via === 'flag' ? `--${setting.flag}=` : undefined
      const argument = prefix === undefined ? undefined : commandLine.find((text) => text.startsWith(prefix))
      if (argument !== undefined) return [{ value: argument.slice(prefix?.length), from: 'process arguments' }]
      return knob.stock === null ? [] : [{ value: knob.stock, from: 'process arguments (absent: built-in value)' }]
    }
    case '/proc': {
      if (setting.via !== 'process') return []
      if (setting.attribute === 'nice') return readNice(component.pid).map((value) => ({ value, from: '/proc' }))
      return (await readIoPriority(component.pid)).map((value) => ({ value, from: 'ionice -p' }))
    }
    case 'nowhere':
      return []
  }
}

/** A field of the only object on a `/configz` page. */
export function valueAt(configz: string, path: string): KnobValue | undefined {
  let value: unknown = Object.values(JSON.parse(configz) as object)[0]
  for (const name of path.split('.')) value = (value as Record<string, unknown> | undefined)?.[name]
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

/** A value in the type and spelling of `like`: components write `1m0s` for `60s` and numbers as text. */
export function asWritten(value: KnobValue, like: KnobValue | undefined): KnobValue {
  if (typeof like === 'number' && typeof value === 'string' && value.trim() !== '') {
    const number = Number(value)
    return Number.isNaN(number) ? value : number
  }
  if (typeof like === 'boolean' && (value === 'true' || value === 'false')) return value === 'true'
  if (typeof like !== 'string') return value
  const duration = goDurationMs(String(value))
  return duration !== undefined && duration === goDurationMs(like) ? like : String(value)
}

const goUnitsMs: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1, us: 1e-3, ns: 1e-6 }

function goDurationMs(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(h|ms|m|s|us|ns))+$/.test(text)) return undefined
  const parts = text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s|us|ns)/g)
  return [...parts].reduce((sum, [, amount, unit = '']) => sum + Number(amount) * (goUnitsMs[unit] ?? 0), 0)
}

function no(because: string): KnobSupport {
  return { supported: false, because }
}
