import { formatCount } from '../base/count.ts'
import { formatBytes } from '../base/quantity.ts'
import { lacksOf } from '../result/fill.ts'
import type { FillOutcome, FillStage, Result } from '../result/result.ts'
import { dataPlaneOf, lacksKubeProxy, noKubeProxy } from './data-plane.ts'
import type { CountCell, CountGroup, FillRow, FillRun, FillView } from './fill-view.ts'
import { formatLatency, formatRate, formatSpeedup, none } from './format.ts'
import {
  body,
  columns,
  distributionCells,
  distributionTitles,
  fold,
  num,
  percentileCells,
  section,
  swatch,
  table,
  time,
} from './html-elements.ts'
import { etcdChart, podsChart, watchLagChart } from './html-fill-charts.ts'
import { latencyTables } from './html-latency.ts'
import type { Content, Markup } from './markup.ts'
import { markup } from './markup.ts'
import { sampleText } from './sample.ts'
import type { ReportView } from './view.ts'

/** How the cluster was filled before the probes, and what its components took for it. */
export function fillSection({ evidence }: Result, view: ReportView): Content {
  const { fill } = view
  if (fill === null) return null
  const { runs, typical } = fill
  return section(
    'Filling the cluster',
    markup`<p class="muted">From the first create request until the last pod is Ready.${runs.length > typical.length && ' Where single runs are shown, they are each arm’s nearest to its median.'}</p>`,
    comparisonTable(view, fill, evidence),
    podsChart(view, typical, evidence),
    countPart(view, fill, evidence),
    fold('How fast the objects were created, kind by kind', stageTable(view, typical, evidence)),
    markup`<h3>Pod startup and watch lag</h3>`,
    distributionTable(view, typical, evidence),
    watchLagChart(view, typical, evidence),
    latencyTables(view, typical, evidence),
    dataPlanePart(view, typical, evidence),
    typical.some(({ fill: { etcd } }) => etcd.length > 0) && [
      markup`<h3>etcd</h3>`,
      etcdTable(view, typical, evidence),
      etcdChart(view, typical, evidence),
    ],
  )
}

function comparisonTable(view: ReportView, { rows }: FillView, evidence: string): Markup {
  const [baseline, ...others] = view.profiles
  return table(
    `Median over the repetitions, ${evidence}. Times of a machine-bound fill are upper bounds, and not compared.`,
    markup`<tr><th scope="col">Figure</th>${view.profiles.map((profile) => markup`<th class="num" scope="col">${swatch(view, profile)}</th>`)}
${columns(others.map((profile) => `${baseline} / ${profile}`))}</tr>`,
    body(rows.map(comparisonRow)),
  )
}

function comparisonRow({ label, meaning, format, bound, cells }: FillRow): Markup {
  const figures = cells.map(({ measured }) => {
    const { figure, detail } = sampleText(measured, format, bound)
    return num(markup`<b>${figure}</b>`, detail)
  })
  const ratios = cells.slice(1).map(({ ratio }) => num(ratio === null ? none : formatSpeedup(ratio)))
  return markup`<tr><th class="stop" scope="row">${label}<small>${meaning}</small></th>${figures}${ratios}</tr>`
}

/** Folded away when everything is there: then the line says all. */
function countPart(view: ReportView, fill: FillView, evidence: string): Content {
  const counted = countTable(view, fill, evidence)
  const lacking = fill.runs.filter(({ fill }) => lacksOf(fill).length > 0)
  if (lacking.length > 0) return [markup`<h3>Not everything is there</h3>`, counted]
  const totals = fill.typical.slice(0, 1).map(({ fill: { pods, objects } }) => {
    const others = Object.entries(objects).filter(([resource]) => resource !== 'pods')
    const count = others.reduce((sum, [, { observed }]) => sum + observed, 0)
    return `${formatCount(pods.ready)} pods Ready and ${formatCount(count)} other objects`
  })
  return fold([`Everything is there: ${totals.join()}`, fill.runs.length > 1 && ' in every arm'], counted)
}

function countTable(view: ReportView, { runs, counts }: FillView, evidence: string): Markup {
  const group = ({ title, rows }: CountGroup): Content =>
    rows.length > 0 &&
    markup`<tbody><tr><th scope="rowgroup" colspan="${2 + runs.length}">${title}</th></tr>
${rows.map(({ name, cells }) => markup`<tr><th scope="row">${name}</th>${num(expectedText(cells))}${cells.map(countCell)}</tr>`)}</tbody>`
  return table(
    `Pods and objects counted, ${evidence}`,
    markup`<tr><th scope="col">What</th>${columns(['expected'])}${runs.map((run) => markup`<th class="num" scope="col">${swatch(view, run.profile, run.label)}</th>`)}</tr>`,
    counts.map(group),
  )
}

function expectedText(cells: CountCell[]): string {
  return [...new Set(cells.flatMap((cell) => (cell === null ? [] : formatCount(cell.expected))))].join(' / ')
}

function countCell(cell: CountCell): Markup {
  if (cell === null) return num(none)
  const { expected, found, failed } = cell
  const isRight = found === expected && failed === 0
  return num(
    isRight ? formatCount(found) : markup`<b class="bad">${formatCount(found)}</b>`,
    failed > 0 && `${formatCount(failed)} failed`,
  )
}

/** Rows of things that several arms have: a thing each, and in it a row per arm. */
function perArm(
  view: ReportView,
  typical: FillRun[],
  names: (fill: FillOutcome) => string[],
  cells: (fill: FillOutcome, name: string) => Content,
): Content {
  const all = [...new Set(typical.flatMap(({ fill }) => names(fill)))]
  return all.map((name) => {
    const rows = typical.filter(({ fill }) => names(fill).includes(name))
    return rows.map(({ profile, label, fill }, index) => {
      const head = index === 0 && markup`<th scope="rowgroup" rowspan="${rows.length}">${breakable(name)}</th>`
      return markup`<tr>${head}<td class="arm">${swatch(view, profile, label)}</td>${cells(fill, name)}</tr>`
    })
  })
}

/** A name such as `etcd-leases.coordination.k8s.io`, which may go on in the next line after a dot. */
function breakable(name: string): Content {
  return name.split('.').map((part, index) => [index > 0 && markup`.<wbr>`, part])
}

function stageTable(view: ReportView, typical: FillRun[], evidence: string): Markup {
  const titles = ['objects', 'duration', 'achieved', 'intended', 'p50', 'p99', 'max', 'sent late, p99']
  return table(
    `One kind after the other, ${evidence}. Latency runs from the moment a request was meant to be sent, tries included.`,
    markup`<tr><th scope="col">Kind</th><th scope="col">Arm</th>${columns(titles)}</tr>`,
    body(
      perArm(
        view,
        typical,
        ({ stages }) => stages.map(({ name }) => name),
        ({ stages }, name) => stages.filter((stage) => stage.name === name).map(stageCells),
      ),
    ),
  )
}

function stageCells({ objects, durationMs, intendedPerSecond, latencyMs, latenessMs }: FillStage): Content {
  const rate = durationMs > 0 ? formatRate((1000 * objects) / durationMs) : none
  return [
    num(formatCount(objects)),
    num(time(durationMs)),
    num(rate),
    num(intendedPerSecond === null ? none : formatRate(intendedPerSecond)),
    percentileCells(latencyMs, ['p50', 'p99', 'max'], formatLatency),
    percentileCells(latenessMs, ['p99'], formatLatency),
  ]
}

const watchLagName = 'watch lag'

function distributionTable(view: ReportView, typical: FillRun[], evidence: string): Markup {
  return table(
    `Time per pod between two points of its life; watch lag: from the answer to a write until a watch shows it, sampled once a second. All ${evidence}.`,
    markup`<tr><th scope="col">From, to</th><th scope="col">Arm</th>${columns([...distributionTitles, 'count', 'missing'])}</tr>`,
    body(
      perArm(
        view,
        typical,
        ({ podPhasesMs }) => [...Object.keys(podPhasesMs), watchLagName],
        ({ podPhasesMs, watchLagMs }, name) =>
          distributionCells(name === watchLagName ? watchLagMs : (podPhasesMs[name] ?? watchLagMs), formatLatency),
      ),
    ),
  )
}

function dataPlanePart(view: ReportView, typical: FillRun[], evidence: string): Content {
  const plane = dataPlaneOf(typical, view.words)
  if (plane === null) return lacksKubeProxy(typical) && markup`<p class="muted">${noKubeProxy}</p>`
  const { runs, rows, remarks } = plane
  return [
    markup`<h3>Services reach the data plane</h3>`,
    table(
      `How fast kube-proxy programmed Service changes, ${evidence}`,
      markup`<tr><th scope="col">Figure</th>${runs.map(({ profile, label }) => markup`<th class="num" scope="col">${swatch(view, profile, label)}</th>`)}</tr>`,
      body(
        rows.map(
          ({ label, meaning, cells }) =>
            markup`<tr><th class="stop" scope="row">${label}<small>${meaning}</small></th>${cells.map((cell) => num(cell))}</tr>`,
        ),
      ),
    ),
    markup`<p class="notes">${remarks.join(' ')}</p>`,
  ]
}

function etcdTable(view: ReportView, typical: FillRun[], evidence: string): Markup {
  const titles = ['before', 'after', 'in use', 'commit p50', 'commit p99', 'fsync p50', 'fsync p99']
  return table(
    `Size of each database file before and after the fill, what of it is in use, and how long its disk took, ${evidence}`,
    markup`<tr><th scope="col">Instance</th><th scope="col">Arm</th>${columns(titles)}</tr>`,
    body(
      perArm(
        view,
        typical,
        ({ etcd }) => etcd.map(({ instance }) => instance),
        ({ etcd }, name) =>
          etcd
            .filter(({ instance }) => instance === name)
            .map(({ sizeBytes, inUseBytes, commitMs, fsyncMs }) => [
              [sizeBytes.before, sizeBytes.after, inUseBytes].map((bytes) => num(formatBytes(bytes))),
              percentileCells(commitMs, ['p50', 'p99'], formatLatency),
              percentileCells(fsyncMs, ['p50', 'p99'], formatLatency),
            ]),
      ),
    ),
  )
}
