import { availableParallelism, totalmem } from 'node:os'
import { formatDuration } from '../base/duration.ts'
import { exitCodes } from '../base/errors.ts'
import { formatBytes } from '../base/quantity.ts'
import type { WriteRates } from '../etcd/sizing.ts'
import { totalMegabytes } from '../etcd/sizing.ts'
import type { ArmForecast, Forecast } from '../fleet/forecast.ts'
import { forecastOf } from '../fleet/forecast.ts'
import { planHash } from '../plan/parse.ts'
import type { Plan } from '../plan/plan.ts'
import { machineBoundAbove } from '../result/result.ts'
import { loadPlan } from './plans.ts'
import type { Surroundings } from './surroundings.ts'
import type { Styles } from './terminal.ts'

export interface PlanOptions {
  set?: string[]
  json?: boolean
  /** List every namespace, not only the size classes. */
  namespaces?: boolean
}

/** Says what a plan would create, need and take; touches nothing. */
export function planCommand(planName: string, options: PlanOptions, surroundings: Surroundings): number {
  const { terminal, styles, folders } = surroundings
  const plan = loadPlan(planName, folders.plans, options.set)
  const forecast = forecastOf(plan)
  if (options.json === true)
    terminal.print(JSON.stringify({ plan: plan.name, planHash: planHash(plan), ...forecast }, null, 2))
  else
    terminal.print(
      renderForecast(plan, forecast, { styles, machine: thisMachine(), everyNamespace: options.namespaces === true }),
    )
  return exitCodes.pass
}

interface RenderOptions {
  styles: Styles
  machine: { cores: number; memoryBytes: number }
  everyNamespace: boolean
}

function thisMachine(): RenderOptions['machine'] {
  return { cores: availableParallelism(), memoryBytes: totalmem() }
}

/** The forecast in lines of at most 80 columns. */
export function renderForecast(
  plan: Plan,
  forecast: Forecast,
  { styles, machine, everyNamespace }: RenderOptions,
): string {
  const section = (title: string, lines: string[]) => (lines.length === 0 ? [] : ['', styles.bold(title), ...lines])
  const { warnings } = forecast
  return [
    `${styles.bold(plan.name)} ${styles.dim(`plan hash ${planHash(plan)}, seed ${plan.seed}`)}`,
    ...(plan.description === undefined ? [] : wrap(plan.description)),
    ...forecast.arms.flatMap(({ name, departures }) =>
      wrap(`${name}${departures.length === 0 ? '' : `: ${departures.join(', ')}`}`, '  arm '),
    ),
    ...section('Objects', objectLines(plan, forecast, everyNamespace)),
    ...section('Fleet', fleetLines(plan, forecast, machine)),
    ...section('etcd: written per minute, old versions compacted every 5 minutes', etcdLines(forecast)),
    ...section('Kubelet limits: the rule is kubelet qps = apiserver QPS / nodes', kubeletLines(forecast)),
    ...section('Time, estimated', timeLines(plan, forecast)),
    ...(warnings.length === 0 ? [] : ['', ...warnings.flatMap((text) => wrap(text, '! ').map(styles.yellow))]),
  ].join('\n')
}

const width = 80

/** Words in lines that keep within the width; the first begins with the lead, the others with as much space. */
function wrap(text: string, lead = '  '): string[] {
  const lines: string[] = []
  let line = lead
  for (const word of text.split(' ')) {
    if (line.length + 1 + word.length > width && line.trim() !== '') {
      lines.push(line.trimEnd())
      line = ' '.repeat(lead.length)
    }
    line += line.endsWith(' ') ? word : ` ${word}`
  }
  return [...lines, line]
}

/** Rows of cells: the first column to the left, figures to the right. */
function table(rows: string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  return rows.map((row) =>
    `  ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart((widths[column] ?? 0) + 2))).join('')}`.trimEnd(),
  )
}

function count(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',')
}

function objectLines({ workload }: Plan, { namespaces, objects }: Forecast, everyNamespace: boolean): string[] {
  if (workload === undefined || objects === null) return ['  none: the plan has no workload']
  const columns = ['pods', 'deployments', 'services', 'configmaps', 'secrets', 'serviceAccounts'] as const
  type Row = Record<(typeof columns)[number], number>
  const cells = (row: Row) => columns.map((column) => count(row[column]))
  const rowOf = (namespace: (typeof namespaces)[number]): Row => ({
    ...namespace,
    deployments: namespace.replicas.length,
  })
  const sum = (rows: Row[]): Row => {
    const total = { pods: 0, deployments: 0, services: 0, configmaps: 0, secrets: 0, serviceAccounts: 0 }
    for (const row of rows) for (const column of columns) total[column] += row[column]
    return total
  }
  const classRows = workload.sizeClasses.map(({ name }) => {
    const members = namespaces.filter(({ sizeClass }) => sizeClass === name)
    const pods = members.map((member) => member.pods).sort((left, right) => left - right)
    const range = pods.length === 0 ? '' : `${count(pods[0] ?? 0)}-${count(pods.at(-1) ?? 0)}`
    return [name, count(members.length), range, ...cells(sum(members.map(rowOf)))]
  })
  const head = ['', 'ns', 'pods each', 'pods', 'depl.', 'services', 'config', 'secrets', 'accounts']
  const total = ['all', count(objects.namespaces), '', ...cells(sum(namespaces.map(rowOf)))]
  return [
    ...table([head, ...classRows, total]),
    ...(objects.ballast === 0
      ? []
      : [`  ballast: ${count(objects.ballast)} configmaps of ${formatBytes(workload.ballast?.objectSize ?? 0)}`]),
    ...(everyNamespace
      ? ['', ...table([['namespace', ...head.slice(3)], ...namespaces.map((one) => [one.name, ...cells(rowOf(one))])])]
      : []),
  ]
}

function fleetLines(
  { fleet: planned, target }: Plan,
  { fleet, podsPerNode, arms, objects }: Forecast,
  machine: RenderOptions['machine'],
): string[] {
  const { nodes, hosts, nodesPerHost, processesPerHost, host } = fleet
  const packed = `${processesPerHost} processes of up to ${planned.nodesPerProcess}`
  const where = hosts === 1 ? 'on one machine' : `on ${hosts} hosts, at most ${nodesPerHost} on each`
  const offers = host === null ? undefined : `${formatBytes(host.memoryBytes)} and ${host.cores} cores`
  const onHost = `${formatBytes(fleet.memoryBytes)} of memory and ${fleet.cores.toFixed(2)} cores, idle`
  const pods =
    objects === null
      ? []
      : [
          `  ${podsPerNode.toFixed(1)} pods per node; a node takes ${arms.map(({ name, maxPods }) => `${maxPods} (${name})`).join(', ')}`,
        ]
  const here =
    hosts > 1 && target !== 'local'
      ? []
      : arms.map(({ name, coresOnOneMachine }) => {
          const isTooMuch = coresOnOneMachine > machineBoundAbove * machine.cores
          const verdict = isTooMuch ? ': machine-bound' : ''
          return `  ${name}: idle, with its control plane, ${coresOnOneMachine.toFixed(1)} of the ${machine.cores} cores here${verdict}`
        })
  return [
    ...wrap(`${count(nodes)} nodes ${where}, in ${packed}`),
    ...wrap(
      `${hosts === 1 ? 'they take' : 'a host needs'} ${onHost}${offers === undefined ? '' : `; it has ${offers}`}`,
    ),
    ...pods,
    ...here,
  ]
}

function etcdLines({ arms, storedBytes }: Forecast): string[] {
  const megabytes = (value: number) => `${value < 10 ? value.toFixed(1) : count(value)} MB`
  const row = (title: string, pick: (writes: WriteRates) => number, kind: 'real' | 'hollow') => [
    title,
    ...arms.map(({ writes }) => megabytes(pick(writes[kind]))),
  ]
  return [
    ...table([
      ['', ...arms.map(({ name }) => name)],
      row('node reports, 15 KB each (real nodes)', (writes) => writes.nodeStatusMegabytes, 'real'),
      row('node reports, 4 KB each (hollow nodes)', (writes) => writes.nodeStatusMegabytes, 'hollow'),
      row('events, 4 KB each', (writes) => writes.eventMegabytes, 'hollow'),
      row('leases, 0.8 KB each', (writes) => writes.leaseMegabytes, 'hollow'),
      row('together (hollow nodes)', totalMegabytes, 'hollow'),
      ['objects, each once', ...arms.map(() => formatBytes(storedBytes))],
      ['and five minutes of old versions', ...arms.map(({ etcdFileBytes }) => formatBytes(etcdFileBytes))],
      ['quota', ...arms.map(({ etcdQuotaBytes }) => formatBytes(etcdQuotaBytes))],
    ]),
    '  (KB and MB of 1024, as the document counts them)',
  ]
}

function kubeletLines({ arms, fleet }: Forecast): string[] {
  return arms.flatMap(({ name, kubeletQps, kubeletRequestsPerSecond }) =>
    wrap(
      `${count(fleet.nodes)} x ${kubeletQps} = ${count(kubeletRequestsPerSecond)} requests/s for the apiservers`,
      `  ${name}: `,
    ),
  )
}

function timeLines({ repetitions, fleet }: Plan, { arms }: Forecast): string[] {
  const total = repetitions * arms.reduce((sum, { durationMs }) => sum + durationMs.total, 0)
  const cells = ({ durationMs }: ArmForecast) =>
    [durationMs.fleet, durationMs.fill, durationMs.probes, durationMs.total].map(formatDuration)
  const rows = arms.map((arm) => [arm.name, ...cells(arm)])
  const observed = fleet.observe > 0 ? ` (with ${formatDuration(fleet.observe)} of idle fleet in each arm)` : ''
  return [
    ...table([['', 'fleet up', 'fill', 'probes', 'arm'], ...rows]),
    `  ${repetitions === 1 ? 'each arm once' : `each arm ${repetitions} times`}: ${formatDuration(total)} in all${observed}`,
  ]
}
