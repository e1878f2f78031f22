import { Failure } from '../../base/errors.ts'
import type { Knob } from '../../tuning/knob.ts'
import type { KnobRequest } from '../../tuning/profiles.ts'
import { renderKnobs } from '../../tuning/render.ts'
import type { Change, Found, TunedHost } from '../change/host.ts'
import { sysctlFile } from '../files/sysctl.ts'
import type { Flags } from './arguments.ts'
import { configurationWith } from './kubelet-file.ts'
import type { Host, HostComponent, KubeProxySection, Places, Running } from './section.ts'
import { hostComponents } from './section.ts'
import { manifestWithFlags } from './static-pod.ts'
import type { Priority } from './systemd.ts'
import { dropInOf, dropInWith } from './systemd.ts'

/** What the requests of an arm mean to the components on hosts. */
export interface HostSettings {
  flags: Partial<Record<HostComponent, Flags>>
  kubelet: Readonly<Record<string, unknown>>
  etcd: Priority
  kubeProxy: Readonly<Record<string, unknown>>
  /** By their keys: `net.netfilter.nf_conntrack_max`. */
  sysctls: Readonly<Record<string, string>>
  /** What of the arm is set. */
  asked: readonly KnobRequest[]
  /** Knobs that are not set on hosts, and why. */
  leftOut: { id: string; because: string }[]
}

/** What a component's processes show once it has its settings; a kubelet shows them to its cluster. */
export interface Expected {
  asked?: readonly KnobRequest[]
  flags: Flags
  priority: Priority
  sysctls: Readonly<Record<string, string>>
}

/** Of a component that only has to be well. */
export const nothingExpected: Expected = { flags: {}, priority: {}, sysctls: {} }

/** One component of a host: what has to change, none of it where everything is right already, and what must then be seen. */
export interface WantedOf {
  component: HostComponent | 'kernel' | 'kube-proxy'
  running: Running | undefined
  changes: Change[]
  expected: Expected
}

/** Sorts what an arm asks for by where hosts keep it. */
export function hostSettings(requests: readonly KnobRequest[], places: Places): HostSettings {
  const leftOut: HostSettings['leftOut'] = []
  const kept: KnobRequest[] = []
  for (const request of requests) {
    const because = whyNotOnHosts(request.knob, places)
    if (because === undefined) kept.push(request)
    else leftOut.push({ id: request.knob.id, because })
  }
  const { flags, kubeletConfiguration, proxyConfiguration, etcdProcess, sysctls } = renderKnobs(kept)
  const { kubelet: _, 'kube-proxy': __, host: ___, ...ofComponents } = flags
  const files = { kubelet: kubeletConfiguration, kubeProxy: proxyConfiguration }
  return { flags: ofComponents, ...files, etcd: etcdProcess, sysctls, asked: kept, leftOut }
}

/** Of knobs of kube-proxy, where no place is it. */
export const unknownKubeProxy = 'the clusters file does not say where kube-proxy has its ConfigMap'

/** Why a knob is not set in these places; undefined where it is. */
export function whyNotOnHosts({ component, setting }: Knob, { hosts, kubeProxy }: Places): string | undefined {
  if (component === 'kube-proxy' && (setting.via === 'kube-proxy-config' || setting.via === 'feature-gate'))
    return kubeProxy === undefined ? unknownKubeProxy : undefined
  switch (setting.via) {
    case 'kube-scheduler-config':
      return "kube-scheduler's configuration file is not changed"
    case 'environment':
      return 'environments of components are not changed'
    case 'etcd-split':
      return 'needs etcds of their own'
    case 'wal-disk':
      return 'set by hand: --wal-dir on a separate disk'
    case 'by-hand':
      if (component === 'kube-proxy' && kubeProxy !== undefined) return 'it runs by itself when the mode changes'
      return `set by hand: ${setting.what}`
    case 'sysctl':
      return hosts.length === 0 ? 'the clusters file names no hosts' : undefined
  }
  if (component === 'kubelet' && setting.via === 'flag') return 'flags of kubelets are not changed'
  const running = hosts.flatMap((host) => host.components[component as HostComponent] ?? [])
  if (running.length === 0) return `no host in the clusters file runs ${component}`
  if (setting.via === 'process' && running.some((one) => 'manifest' in one))
    return 'a static pod has no field for the priority of its process'
  return undefined
}

/** Reads what a host has, and says what has to change there. Throws `Failure('bad-input')` where files are not what the section says. */
export async function wantedOn(host: Host, on: TunedHost, settings: HostSettings): Promise<WantedOf[]> {
  const wanted: WantedOf[] = []
  const kernel = await sysctlChanges(on, settings.sysctls)
  if (Object.keys(settings.sysctls).length > 0)
    wanted.push({
      component: 'kernel',
      running: undefined,
      changes: kernel,
      expected: { flags: {}, priority: {}, sysctls: settings.sysctls },
    })
  for (const component of hostComponents) {
    const running = host.components[component]
    const flags = settings.flags[component] ?? {}
    const priority = component === 'etcd' ? settings.etcd : {}
    if (running === undefined) continue
    const change = await changeOf(on, component, running, flags, priority, settings.kubelet)
    const changes = change === undefined || change.old.content === change.content ? [] : [change]
    const asked = component === 'kubelet' ? settings.asked.filter(({ knob }) => knob.component === component) : []
    wanted.push({ component, running, changes, expected: { asked, flags, priority, sysctls: {} } })
  }
  return wanted
}

/** The same of the cluster's kube-proxy, whose settings are in a ConfigMap. */
export async function wantedOfKubeProxy(
  on: TunedHost,
  { key }: KubeProxySection,
  { kubeProxy: fields }: HostSettings,
): Promise<WantedOf[]> {
  if (Object.keys(fields).length === 0) return []
  const old = await found(on, key)
  if (old.content === null)
    throw new Failure('bad-input', `${on.name} has no ${key}`, { next: 'Check `kubeProxy` in the clusters file' })
  const text = configurationWith(textOf(old), 'KubeProxyConfiguration', fields, `${on.name}: ${key}`)
  const change = { path: key, old, content: base64(text), restart: 'daemonset' }
  const changes = old.content === change.content ? [] : [change]
  return [{ component: 'kube-proxy', running: undefined, changes, expected: nothingExpected }]
}

async function changeOf(
  on: TunedHost,
  component: HostComponent,
  running: Running,
  flags: Flags,
  priority: Priority,
  fields: HostSettings['kubelet'],
): Promise<Change | undefined> {
  if ('manifest' in running) {
    if (Object.keys(flags).length === 0) return undefined
    const where = `${on.name}: ${running.manifest}`
    const old = await existing(on, running.manifest)
    const text = manifestWithFlags(textOf(old), component, flags, where)
    return { path: running.manifest, old, content: base64(text), restart: '' }
  }
  if ('config' in running) {
    if (Object.keys(fields).length === 0) return undefined
    const old = await existing(on, running.config)
    const text = configurationWith(textOf(old), 'KubeletConfiguration', fields, `${on.name}: ${running.config}`)
    return { path: running.config, old, content: base64(text), restart: running.unit }
  }
  if (Object.keys(flags).length + Object.keys(priority).length === 0) return undefined
  const path = dropInOf(running.unit)
  const text = dropInWith(
    {
      component,
      text: await on.unitText(running.unit),
      etcdArgs: component === 'etcd' ? await etcdArgsOf(on, running.unit) : [],
      where: `${on.name}: ${running.unit}`,
    },
    flags,
    priority,
  )
  if (text === undefined) return undefined
  return { path, old: await found(on, path), content: base64(text), restart: running.unit }
}

/** What it runs with; nothing where it does not run. */
async function etcdArgsOf(on: TunedHost, unit: string): Promise<readonly string[]> {
  const { processes } = await on.live('etcd', unit, undefined)
  return processes[0]?.args ?? []
}

/** So that they hold now, and after the next boot. */
const bootFile = `/${sysctlFile.path}`

async function sysctlChanges(on: TunedHost, sysctls: HostSettings['sysctls']): Promise<Change[]> {
  const changes: Change[] = []
  for (const [key, value] of Object.entries(sysctls)) {
    const path = sysctlPath(key)
    const old = await found(on, path)
    if (old.content === null)
      throw new Failure('bad-input', `${on.name}: the kernel has no setting ${key}`, {
        next: 'A module may have to be loaded first, such as nf_conntrack',
      })
    if (textOf(old).trim() === value) continue
    changes.push({ path, old, content: base64(`${value}\n`), restart: '' })
  }
  if (changes.length === 0) return []
  const old = await found(on, bootFile)
  const lines = Object.entries(sysctls).map(([key, value]) => `${key} = ${value}`)
  const text = ['# Written by scale-test; `scale-test tune rollback` restores it.', ...lines, ''].join('\n')
  return [{ path: bootFile, old, content: base64(text), restart: '' }, ...changes]
}

/** Where the kernel keeps a setting. */
export function sysctlPath(key: string): string {
  return `/proc/sys/${key.replaceAll('.', '/')}`
}

async function found(on: TunedHost, path: string): Promise<Found> {
  const [file] = await on.look([path])
  if (file === undefined) throw new Error(`${on.name} says nothing of ${path}`)
  return file
}

async function existing(on: TunedHost, path: string): Promise<Found> {
  const file = await found(on, path)
  if (file.content !== null) return file
  throw new Failure('bad-input', `${on.name}: there is no ${path}`, {
    next: 'Check the clusters file; npm run scale-test -- tune discover says what hosts have',
  })
}

/** The text of what was found. */
export function textOf({ content }: Pick<Found, 'content'>): string {
  return content === null ? '' : Buffer.from(content, 'base64').toString('utf8')
}

/** The content that has this text. */
export function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}
