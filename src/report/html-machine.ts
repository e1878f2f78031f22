import { formatCount, plural } from '../base/count.ts'
import { formatDuration } from '../base/duration.ts'
import { formatBytes } from '../base/quantity.ts'
import { machineBoundAbove } from '../result/parts.ts'
import type { ArmOutcome, MachineOutcome, MachinePhase, Result } from '../result/result.ts'
import { stackedCurves, withoutMoments } from './curves.ts'
import { formatCores, formatShare, none, orNone } from './format.ts'
import type { TitledPart } from './html-elements.ts'
import { body, columns, figure, fold, num, swatch, table } from './html-elements.ts'
import { armLabel } from './labels.ts'
import type { Content, Markup } from './markup.ts'
import { markup } from './markup.ts'
import type { ReportView } from './view.ts'

interface MachineRun {
  arm: ArmOutcome
  label: string
  machine: MachineOutcome
}

/** What the machine under everything did during each arm; what was timed while it had nothing left is its own figure. */
export function machineSection(view: ReportView): TitledPart | null {
  const runs = view.result.arms.flatMap((arm): MachineRun[] =>
    arm.machine === null ? [] : [{ arm, label: armLabel(arm), machine: arm.machine }],
  )
  if (runs.length === 0) return null
  const content = [
    markup`<p class="muted">Everything ran on one machine. A step is machine-bound when more than ${formatShare(machineBoundAbove)} of the processor time was in use: the machine, not Kubernetes, set its pace. Times are then upper bounds: shown, but not compared. In the charts, the gap between the components and the line is whatever else ran on the machine.</p>`,
    runs.map((run) => armPart(view, run)),
    fold('Components: processor time and memory', componentTable(view, runs)),
  ]
  return { title: 'The machine', content }
}

/** Further repetitions are folded away. */
function armPart(view: ReportView, run: MachineRun): Markup {
  const { arm, label } = run
  const { estimate } = arm.fleet
  const name = swatch(view, arm.name, label)
  const content = [
    estimate !== null &&
      markup`<p class="muted">Before it started, the idle fleet was expected to need ${estimate.coresNeeded.toFixed(1)} of ${plural(estimate.cores, 'core')}.</p>`,
    coresChart(view.result, run),
    phaseTable(view.result, run),
  ]
  return arm.repetition === 1 ? markup`<h3>${name}</h3>${content}` : fold(name, content)
}

function phaseTable({ evidence }: Result, { label, machine }: MachineRun): Markup {
  const titles = ['duration', 'busy', 'run queue', 'memory', 'disk busy']
  return table(
    `Steps of ${label}, ${evidence}. Run queue: threads running or waiting for a processor, mean. Memory: peak in use.`,
    markup`<tr><th scope="col">Step</th>${columns(titles)}<th scope="col">Cores by component</th></tr>`,
    body(machine.phases.map(phaseRow)),
  )
}

function phaseRow(phase: MachinePhase): Markup {
  const { title, startMs, endMs, busy, machineBound, runQueue, memoryUsedMaxBytes, diskBusy, cores } = phase
  const share = formatShare(busy)
  return markup`<tr><th class="stop" scope="row">${title}</th>${num(formatDuration(endMs - startMs))}
${machineBound ? num(markup`<b class="bad">${share}</b>`, 'machine-bound') : num(share)}
${num(orNone(runQueue, (mean) => mean.toFixed(1)))}${num(formatBytes(memoryUsedMaxBytes))}
${num(orNone(diskBusy, formatShare))}<td class="text"><small>${coresText(cores)}</small></td></tr>`
}

/** The components that took most, as long as it is more than nothing. */
function coresText(cores: Record<string, number>): Content {
  const most = Object.entries(cores)
    .filter(([, used]) => used >= 0.01)
    .sort(([, a], [, b]) => b - a)
    .slice(0, 4)
  const texts = most.map(([component, used]) => markup`<span class="name">${component} ${formatCores(used)}</span>`)
  return texts.length === 0 ? none : texts.map((text, index) => [index > 0 && ', ', text])
}

const shownComponents = 6

/** The kernel counts processor time in hundredths of a second: a mean over less time than this says little. */
const shortestMs = 500

/** Cores in use by component, one on top of the other, below the line of the whole machine. */
function coresChart(result: Result, { label, machine }: MachineRun): Content {
  const { phases, curves } = machine
  const ranked = machine.components.toSorted((a, b) => b.processorMs - a.processorMs)
  const shown = ranked.slice(0, shownComponents)
  const stack = stackedCurves(ranked.map(({ coresCurve }) => withoutMoments(coresCurve, shortestMs)))
  // What lies above is drawn first, so that what lies below covers it; the small ones together are the top layer.
  const areas = stack
    .flatMap((curve, index) => (index < shown.length - 1 || index === stack.length - 1 ? [curve] : []))
    .map((curve, index) => ({ color: `var(--c${index})`, curve, form: 'area' as const }))
  const cores = result.machine?.cores ?? null
  const busy = withoutMoments(curves['busy'] ?? [], shortestMs).map(([ms, share]): [number, number] => [
    ms,
    share * (cores ?? 0),
  ])
  if (areas.length === 0 && busy.length === 0) return null
  const names = shown.map(({ component }, index) =>
    index === shownComponents - 1 && ranked.length > shownComponents ? 'others' : component,
  )
  const bound = phases.filter(({ machineBound }) => machineBound).map(({ title }) => title)
  return figure(
    `Processor cores in use, ${label} (${result.evidence})`,
    [
      ...names.map((name, index) => markup`<span class="profile c${index}">${name}</span>`),
      cores !== null && markup`<span class="stroke solid">whole machine</span>`,
    ].filter((item) => item !== false),
    { description: bound.length === 0 ? 'no step was machine-bound' : `machine-bound: ${bound.join(', ')}` },
    {
      height: 300,
      xName: 'seconds since the arm began',
      yName: cores === null ? 'cores' : `cores, of ${formatCount(cores)}`,
      ...(cores === null ? {} : { yTop: cores, level: boundLevel(cores) }),
      lines: [
        ...areas.toReversed(),
        ...(cores === null ? [] : [{ color: 'var(--text)', curve: busy, form: 'slopes' as const }]),
      ],
      spans: phases.map(({ step, startMs, endMs, machineBound }) => {
        const name = step.split('/').at(-1) ?? step
        const labels = machineBound ? [`${name}, machine-bound`, name] : [name]
        return { color: machineBound ? 'var(--bad)' : 'var(--rule)', fromMs: startMs, toMs: endMs, labels }
      }),
    },
  )
}

function boundLevel(cores: number) {
  return { color: 'var(--bad)', value: machineBoundAbove * cores, label: `${formatShare(machineBoundAbove)} busy` }
}

function componentTable(view: ReportView, runs: MachineRun[]): Markup {
  const components = [...new Set(runs.flatMap(({ machine }) => machine.components.map(({ component }) => component)))]
  const rows = components.flatMap((name) => {
    const own = runs.flatMap(({ arm, label, machine }) =>
      machine.components.filter(({ component }) => component === name).map((taken) => ({ arm, label, taken })),
    )
    return own.map(({ arm, label, taken: { processes, processorMs, memoryPeakBytes } }, index) => {
      const head = index === 0 && markup`<th scope="rowgroup" rowspan="${own.length}">${name}</th>`
      return markup`<tr>${head}<td class="arm">${swatch(view, arm.name, label)}</td>${num(formatCount(processes))}${num(formatDuration(processorMs))}${num(formatBytes(memoryPeakBytes))}</tr>`
    })
  })
  return table(
    `What each component used over the whole arm, all its processes together, ${view.result.evidence}`,
    markup`<tr><th scope="col">Component</th><th scope="col">Arm</th>${columns(['processes', 'processor time', 'peak memory'])}</tr>`,
    body(rows),
  )
}
