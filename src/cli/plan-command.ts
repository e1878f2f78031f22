import { formatCount, plural } from '../base/count.ts'
import { formatDuration } from '../base/duration.ts'
import { exitCodes } from '../base/errors.ts'
import { excerpt } from '../base/excerpt.ts'
import { formatBytes } from '../base/quantity.ts'
import { sumOf } from '../base/sum.ts'
import type { ArmForecast } from '../fleet/estimate.ts'
import type { WriteRates } from '../fleet/etcd-sizing.ts'
import { builtInStatusPeriodSeconds, eventsPerNodePerMinute } from '../fleet/etcd-sizing.ts'
import type { Forecast } from '../fleet/forecast.ts'
import { forecastOf } from '../fleet/forecast.ts'
import { tested } from '../fleet/tested-limits.ts'
import { modelledKubernetes } from '../model/kubernetes.ts'
import { lookAtThisMachine } from '../record/this-machine.ts'
import { width } from '../report/summary.ts'
import { stepKinds } from '../steps/registry.ts'
import { loadPlanFor } from './plans.ts'
import type { Surroundings } from './surroundings.ts'
import { targetNamed } from './target-names.ts'
import type { Styles } from './terminal.ts'
import { thisMachine } from './this-machine.ts'
import { refuseForOtherTargets, refuseUseless } from './useless-options.ts'
import { wrap } from './wrap.ts'

export interface PlanOptions {
  set?: string[]
  kubernetes?: string
  target?: string
  clusters?: string
  confirm?: string[]
  allowInsecure?: string[]
  manifests?: boolean
  json?: boolean
  /** List every namespace, not only the size classes. */
  namespaces?: boolean
}

/** Says what a plan would create, need and take; touches nothing. */
export function planCommand(
  planName: string,
  options: PlanOptions,
  surroundings: Surroundings,
  look = lookAtThisMachine,
): number {
  const { terminal, styles, folders } = surroundings
  const plan = loadPlanFor(planName, folders, options)
  const target =
    options.target === undefined && plan.target === undefined ? undefined : targetNamed(options.target, plan)
  refuseUseless(
    { '--confirm': options.confirm, '--allow-insecure': options.allowInsecure, '--manifests': options.manifests },
    'without --dry-run',
  )
  if (target === undefined) refuseUseless({ '--clusters': options.clusters }, 'without --target remote')
  else refuseForOtherTargets(target, plan, options)
  // Elsewhere, and in a simulation, this machine's pace does not matter.
  const isHere = target === 'local' || (target === undefined && plan.fleet.hosts === 1)
  const forecast = forecastOf({ ...plan, target }, thisMachine(isHere ? look : undefined), stepKinds)
  terminal.print(
    options.json === true
      ? JSON.stringify(forecast, null, 2)
      : renderForecast(forecast, { styles, everyNamespace: options.namespaces === true }),
  )
  return exitCodes.pass
}

/** The forecast in lines of at most 80 columns. */
export function renderForecast(
  forecast: Forecast,
  { styles, everyNamespace }: { styles: Styles; everyNamespace: boolean },
): string {
  const section = (title: string, lines: string[], note = '') => [
    '',
    `${styles.bold(title)}${note === '' ? '' : styles.dim(` (${note})`)}`,
    ...lines,
  ]
  return [
    `${styles.bold(forecast.plan)} ${styles.dim(`plan hash ${forecast.planHash}, seed ${forecast.seed}`)}`,
    ...overviewLines(forecast),
    ...section('Objects', objectLines(forecast, everyNamespace)),
    ...section('Fleet', fleetLines(forecast), 'estimated, idle'),
    ...section('etcd', etcdLines(forecast), 'estimated, per minute; 1 KB is 1024 bytes, as in the document'),
    ...section('Kubelet limits', kubeletLines(forecast), "the document's rule: kubelet qps = apiserver QPS / nodes"),
    ...section('Time', timeLines(forecast), 'estimated; the best case that limits allow'),
    ...(forecast.warnings.length === 0 ? [] : ['']),
    ...forecast.warnings.flatMap((text) => wrap(text, '! ').map(styles.yellow)),
  ].join('\n')
}

/** Rows of cells: the first column to the left, figures to the right. */
function table(rows: string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  const cell = (text: string, column: number) =>
    column === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart((widths[column] ?? 0) + 2)
  return rows.map((row) => `  ${row.map(cell).join('')}`.trimEnd())
}

/** What a row says of each arm, and what the last column has beside it. */
type ArmRow = [title: string, of: (arm: ArmForecast) => string, beside?: string]

const longestDescription = 400
const mostArmsAbreast = 3
const longestName = 12

/** A column per arm, as many abreast as the width takes; where they do not fit, with names cut, or else one table below the other. */
function armTable(arms: readonly ArmForecast[], rows: readonly ArmRow[], beside?: string): string[] {
  const abreastOf = (shown: readonly ArmForecast[], headOf: (name: string) => string) =>
    table([
      ['', ...shown.map(({ name }) => headOf(name)), ...(beside === undefined ? [] : [beside])],
      ...rows.map(([title, of, text = '']) => [title, ...shown.map(of), ...(beside === undefined ? [] : [text])]),
    ])
  for (let abreast = mostArmsAbreast; ; abreast--) {
    const groups = Array.from({ length: Math.ceil(arms.length / abreast) }, (_, group) =>
      arms.slice(group * abreast, (group + 1) * abreast),
    )
    for (const headOf of [(name: string) => name, shortened]) {
      const lines = groups.flatMap((group) => abreastOf(group, headOf))
      const isLast = abreast === 1 && headOf === shortened
      if (isLast || lines.every(({ length }) => length <= width)) return lines
    }
  }
}

/** Names tend to differ at their ends. */
function shortened(name: string): string {
  return name.length <= longestName ? name : `${name.slice(0, 4)}…${name.slice(5 - longestName)}`
}

/** A run without a target simulates, unless a simulation cannot tell versions apart. */
function openTarget({ arms, fleet }: Forecast): string {
  const isOfVersions = arms.some(({ kubernetes }) => kubernetes !== null && kubernetes !== modelledKubernetes)
  return [
    isOfVersions
      ? 'chosen on the command line: local or remote, as a simulation models one version of Kubernetes'
      : 'not set: a run simulates',
    ...(fleet.onHosts
      ? [`the figures below are for ${plural(fleet.hosts, 'host')}`]
      : ['the figures below are for target local here']),
  ].join('; ')
}

function overviewLines(forecast: Forecast): string[] {
  const { description, arms, repetitions, steps, target, simulationBytes } = forecast
  const armTexts = arms.map(({ name, profile, kubernetes, departures }) => {
    const departed = departures.map(({ knob, value }) => (value === null ? `${knob} left alone` : `${knob}=${value}`))
    const version = kubernetes === null ? [] : [`Kubernetes ${kubernetes}`]
    const notes = [...(name === profile ? [] : [profile]), ...version, ...departed]
    return notes.length === 0 ? name : `${name} (${notes.join(', ')})`
  })
  const often = repetitions === 1 ? 'once each' : `${repetitions} times each`
  return [
    ...(description === null ? [] : wrap(excerpt(description, longestDescription))),
    ...wrap(`${armTexts.join('; ')}; ${often}`, '  arms    '),
    ...wrap(steps.map(({ title }) => title).join(', '), '  steps   '),
    ...wrap(target ?? openTarget(forecast), '  target  '),
    ...(target === 'sim' ? wrap(`about ${formatBytes(simulationBytes)} for the simulation`, '  memory  ') : []),
  ]
}

function objectLines({ objects }: Forecast, everyNamespace: boolean): string[] {
  if (objects === null) return ['  none but what a probe scales: the plan has no fill']
  const { totals, toCreate, ballastKind, classes, namespaces } = objects
  type Namespace = (typeof namespaces)[number]
  const columns: [string, (namespace: Namespace) => number][] = [
    ['pods', ({ pods }) => pods],
    ['deploy', ({ replicas }) => replicas.length],
    ['svc', ({ services }) => services],
    ['cm', ({ configmaps }) => configmaps],
    ['secret', ({ secrets }) => secrets],
    ['sa', ({ serviceAccounts }) => serviceAccounts],
  ]
  const heads = columns.map(([head]) => head)
  const sums = (members: readonly Namespace[]) =>
    columns.map(([, of]) => formatCount(members.reduce((sum, member) => sum + of(member), 0)))
  const classRows = classes.map(({ name, namespaces: count, pods }) => [
    name,
    formatCount(count),
    ...[pods.min, pods.median, pods.max].map(formatCount),
    ...sums(namespaces.filter(({ sizeClass }) => sizeClass === name)),
  ])
  const ballast =
    totals.ballast === 0 ? '' : `, ${plural(totals.ballast, ballastKind.slice(0, -1))} of ballast included`
  return [
    ...table([
      ['', 'ns', 'min', 'median', 'max', ...heads],
      ...classRows,
      ['total', formatCount(totals.namespaces), '', '', '', ...sums(namespaces)],
    ]),
    ...wrap(
      `min, median, max: pods per namespace. ${plural(toCreate, 'object')} to create${ballast}; the controller-manager creates the pods.`,
    ),
    ...(everyNamespace
      ? ['', ...table([['namespace', ...heads], ...namespaces.map((one) => [one.name, ...sums([one])])])]
      : []),
  ]
}

function fleetLines({ fleet, arms, objects, podsPerNode, podsOnProbeNode }: Forecast): string[] {
  const { nodes, hosts, nodesPerHost, processesPerHost, nodesPerProcess, host, guide, onHosts, oneMachine } = fleet
  const { here, neededBytes } = oneMachine
  const where = onHosts
    ? `${plural(hosts, 'host')}: ${(nodes / hosts).toFixed(1)} on each, at most ${nodesPerHost}`
    : 'one machine, shared with the control plane'
  const onOne = (arm: ArmForecast) => arm.cores.oneMachine.coresNeeded.toFixed(1)
  const hostRows: ArmRow[] = [
    ['hollow-node pods per host', () => formatCount(processesPerHost), host === null ? '' : formatCount(host.maxPods)],
    ['their memory', () => formatBytes(fleet.memoryBytes), host === null ? '' : formatBytes(host.memoryBytes)],
    ['their cores', ({ cores }) => cores.hollow.toFixed(2), host === null ? '' : String(host.cores)],
    ['cores of the control plane', ({ cores }) => cores.controlPlane.toFixed(1)],
  ]
  const machineRows: ArmRow[] = [
    ['hollow-node processes', () => formatCount(processesPerHost)],
    ['their memory', () => formatBytes(fleet.memoryBytes)],
    ['memory in total', () => formatBytes(neededBytes), formatBytes(here.memoryBytes)],
    ['cores in total', onOne, String(here.cores)],
  ]
  const podRow: ArmRow = [
    `max-pods (${formatCount(podsOnProbeNode)} on the probes' node)`,
    (arm) => formatCount(arm.maxPods),
  ]
  const rows = [...(onHosts ? hostRows : machineRows), podRow]
  const has = !onHosts ? 'here' : host === null ? undefined : 'a host has'
  return [
    ...wrap(`${plural(nodes, 'node')} on ${where}; up to ${nodesPerProcess} per process`),
    ...(objects === null
      ? []
      : wrap(`${podsPerNode.toFixed(1)} pods per node on average (tested by Kubernetes: ${tested.podsPerNode})`)),
    ...armTable(arms, rows, has),
    ...(guide === null
      ? []
      : wrap(
          `Upstream's guide sets aside ${formatBytes(guide.memoryBytes)} and ${guide.cores.toFixed(1)} cores for ${plural(nodesPerHost, 'kubelet')}, one process each.`,
        )),
    ...(onHosts
      ? wrap(
          `All of it on one machine, as with target local: ${formatBytes(neededBytes)} and ${arms.map(onOne).join(' / ')} cores. This machine has ${formatBytes(here.memoryBytes)} and ${plural(here.cores, 'core')}.`,
        )
      : []),
  ]
}

function etcdLines({ arms, fleet }: Forecast): string[] {
  const megabytes = (value: number) => `${value < 10 ? value.toFixed(1) : formatCount(value)} MB`
  const rate = (perSecond: number) => `${perSecond < 10 ? perSecond.toFixed(1) : formatCount(perSecond)}/s`
  const written = (title: string, kind: 'real' | 'hollow', of: (writes: WriteRates) => number): ArmRow => [
    title,
    ({ writes }) => megabytes(of(writes[kind])),
  ]
  const fullest = ({ etcd }: ArmForecast, kind: 'real' | 'hollow' = 'hollow') => etcd[kind][0]
  const events = formatCount(eventsPerNodePerMinute * fleet.nodes)
  const nodes = formatCount(fleet.nodes)
  return armTable(arms, [
    [
      'an unchanged status is rewritten every',
      ({ statusPeriodSeconds }) => roughly((statusPeriodSeconds ?? builtInStatusPeriodSeconds) * 1000),
    ],
    ['status writes', ({ heartbeatsPerSecond }) => rate(heartbeatsPerSecond.status)],
    ['lease writes', ({ heartbeatsPerSecond }) => rate(heartbeatsPerSecond.lease)],
    written(`15 KB x 60 s / period x ${nodes}: real nodes`, 'real', ({ nodeStatusMegabytes }) => nodeStatusMegabytes),
    written(`events ${events} x 4 KB x 30 %`, 'real', ({ eventMegabytes }) => eventMegabytes),
    written('4 KB instead: hollow nodes', 'hollow', ({ nodeStatusMegabytes }) => nodeStatusMegabytes),
    written('leases, 0.8 KB', 'hollow', ({ leaseMegabytes }) => leaseMegabytes),
    [
      'hollow nodes and leases as stored (60 %)',
      ({ etcd }) => megabytes(sumOf(etcd.hollow.map(({ bytesPerMinute }) => bytesPerMinute)) / 2 ** 20),
    ],
    ['all objects, once', ({ etcd }) => formatBytes(sumOf(etcd.hollow.map(({ objectsBytes }) => objectsBytes)))],
    ['etcds that share them', ({ etcd }) => String(etcd.hollow.length)],
    ['largest file, with old versions', (arm) => formatBytes(fullest(arm)?.fileBytes ?? 0)],
    ['the same with real nodes', (arm) => formatBytes(fullest(arm, 'real')?.fileBytes ?? 0)],
    ['quota of each', (arm) => formatBytes(fullest(arm)?.quotaBytes ?? 0)],
    ['full without compaction after', ({ etcd }) => untilFull(etcd.hollow)],
  ])
}

function untilFull(etcds: ArmForecast['etcd']['hollow']): string {
  const minutes = etcds.flatMap(({ fullAfterMinutes }) => fullAfterMinutes ?? [])
  return minutes.length === 0 ? 'never' : roughly(Math.min(...minutes) * 60_000)
}

function kubeletLines({ arms, apiserver, fleet }: Forecast): string[] {
  const { writesPerSecond, kubeletQps } = apiserver
  return [
    ...armTable(arms, [
      [
        'kubelet qps / burst',
        ({ kubelet }) => (kubelet.kind === 'none' ? 'no limit' : `${kubelet.qps} / ${kubelet.burst}`),
      ],
      [
        'all nodes at once, requests/s',
        (arm) => (arm.kubeletRequestsPerSecond === null ? 'no limit' : formatCount(arm.kubeletRequestsPerSecond)),
      ],
    ]),
    ...wrap(
      `One apiserver handled about ${formatCount(writesPerSecond)} writes/s on two cores. By the rule, that is ${Number(kubeletQps.toPrecision(2))} per kubelet, with all ${formatCount(fleet.nodes)} busy at once.`,
    ),
  ]
}

function timeLines({ arms, fleet, objects, steps, repetitions, totalMs }: Forecast): string[] {
  const row = (title: string, of: (durations: ArmForecast['durationMs']) => number): ArmRow => [
    title,
    ({ durationMs }) => roughly(of(durationMs)),
  ]
  /** What takes longer on a machine that has no processor time left. */
  const boundRow = (title: string, of: (durations: ArmForecast['durationMs']) => number): ArmRow => [
    title,
    ({ durationMs, machineBound }) => `${machineBound ? '≥ ' : ''}${roughly(of(durationMs))}`,
  ]
  const filling = objects === null ? -1 : steps.findIndex(({ createsObjects }) => createsObjects)
  const limits = arms.flatMap(({ name, durationMs }) => {
    const floor = durationMs.steps[filling]
    return floor === undefined ? [] : [`${name}: ${floor.boundBy}`]
  })
  const times = repetitions === 1 ? '' : `, ${repetitions} times each`
  const atLeast = arms.some(({ machineBound }) => machineBound) ? 'at least ' : ''
  return [
    ...armTable(arms, [
      row('control plane', ({ controlPlane }) => controlPlane),
      boundRow(`${plural(fleet.nodes, 'node')} Ready`, (durations) => durations.fleet),
      ...steps.map(({ title }, index) => boundRow(title, (durations) => durations.steps[index]?.ms ?? 0)),
      row('quiet before probes', ({ quiet }) => quiet),
      row('knob read-back, clean-up', ({ around }) => around),
      boundRow('an arm', ({ total }) => total),
    ]),
    ...wrap(`${plural(arms.length, 'arm')}${times}: ${atLeast}${roughly(totalMs)} in all.`),
    ...(limits.length === 0
      ? []
      : ['  What limits the pods of the fill:', ...limits.flatMap((text) => wrap(text, '    '))]),
  ]
}

/** A duration without more digits than an estimate has. */
function roughly(ms: number): string {
  const minutes = Math.round(ms / 60_000)
  if (minutes >= 120) return `${Number((minutes / 60).toFixed(1))} h`
  if (minutes >= 3) return `${minutes} m`
  if (ms < 1000) return formatDuration(ms)
  return `${ms < 10_000 ? Number((ms / 1000).toFixed(1)) : Math.round(ms / 1000)} s`
}
