import { plural } from '../../base/count.ts'
import { formatDuration } from '../../base/duration.ts'
import { stopOrder } from '../../plan/stops.ts'
import type { Binding, Comparison, Figure, FigureRow } from '../../report/comparison.ts'
import { compare, noClientLimit } from '../../report/comparison.ts'
import { formatLimit } from '../../report/format.ts'
import type { Doubt, Floor, ReportContext, RunReport, StepReport, StepView } from '../../report/step-view.ts'
import { placeOf, runsOf } from '../../report/step-view.ts'
import type { StopName } from '../../result/parts.ts'
import { isBoundUnknown, isMachineBound } from '../../result/parts.ts'
import { clockResolutionMs } from '../../result/sample.ts'
import { accountSection } from './view-account.ts'
import { curveSection } from './view-curves.ts'
import { reasonSection } from './view-reasons.ts'
import type { ProbeRun, ViewedProbe } from './view-run.ts'
import { limiterName, stopLabel, stopTexts, stopTimes, viewedProbesOf } from './view-run.ts'

/** How reports show probes: when each stop was reached, over time, and what it was waiting for. */
export const probeView: StepView = {
  kind: 'probe',
  reportsOf(context) {
    const runs = runsOf(context, viewedProbesOf)
    return [...Map.groupBy(runs, ({ outcome }) => titleOf(outcome))].map(([title, group]) =>
      reportOf(title, group, context),
    )
  },
}

function titleOf({ probe: { name, from, to } }: ViewedProbe): string {
  return `${name} ${from} → ${to}`
}

function reportOf(title: string, runs: ProbeRun[], context: ReportContext): StepReport {
  const name = runs[0]?.outcome.probe.name ?? title
  const { rows, typical } = compare({
    ...context,
    name,
    runs,
    figures: stopOrder.map((stop) => stopFigure(name, stop)),
    decisive,
  })
  const figures: Comparison = {
    kind: 'comparison',
    title,
    caption: `Time from the scale request to each stop: median over the repetitions, ${context.evidence}`,
    head: 'Stop',
    conditions: conditionsOf(runs),
    rows,
  }
  return {
    order: placeOf(context.arms, name),
    name,
    title,
    runs: runs.map(runReport),
    figures,
    sections: [
      { part: 'figures', title: 'Comparison', blocks: [figures] },
      ...curveSection(title, runs, rows, context),
      ...reasonSection(title, runs, typical, context),
      accountSection(title, runs, typical),
    ],
    ...headlineOf(runs),
    reasons: typical.flatMap(reasonsOf),
    floors: floorsOf(typical, context.armNames),
    tests: { group: 'probes', name: title },
  }
}

/** The stop that ends the step for whoever waits for it. */
function headlineOf([run]: readonly ProbeRun[]): Pick<StepReport, 'headline'> {
  if (run === undefined) return {}
  const { from, to } = run.outcome.probe
  return {
    headline:
      to > from
        ? { figure: 'available', does: `rolls out ${plural(to, 'pod')}` }
        : { figure: 'deleted', does: `removes ${plural(from - to, 'pod')}` },
  }
}

/** The stop that the document timed, or else the last one. */
function decisive(rows: readonly FigureRow[]): FigureRow | undefined {
  return rows.find((row) => row.documented) ?? rows.at(-1)
}

function stopFigure(name: string, stop: StopName): Figure<ViewedProbe> {
  return {
    name: stop,
    ...stopTexts[stop],
    inFull: `${name} ${stopTexts[stop].label}`,
    unit: 'ms',
    format: formatDuration,
    bound: '≤',
    importance: stop === 'first' ? 'table' : 'headline',
    // A single pod's time: chance has a larger part in it.
    ...(stop === 'first' && { leastFactor: 2 }),
    read: ({ readings }) => readings[stop],
    cause: (before, after) => limitOf(before, after, stop),
    binding: (viewed) => bindingOf(viewed, stop),
  }
}

/** `bound by the kubelet's client limit, 5/s instead of 50/s`; undefined where no limit binds the stop. */
function limitOf(before: ViewedProbe | undefined, after: ViewedProbe, stop: StopName): string | undefined {
  const boundBy = after.probe.explanations.find((explanation) => explanation.stop === stop)?.boundBy
  if (typeof boundBy !== 'string') return undefined
  const qpsIn = (viewed: ViewedProbe | undefined) =>
    viewed?.probe.limiters.find((limiter) => limiterName(limiter) === boundBy)?.qps ?? null
  const [qps, qpsBefore] = [qpsIn(after), qpsIn(before)]
  const said = `bound by the ${boundBy.split('/')[0]}'s client limit`
  if (qps === null || qpsBefore === null) return said
  return qps === qpsBefore
    ? `${said}, which is the same in both`
    : `${said}, ${formatLimit(qps)}/s instead of ${formatLimit(qpsBefore)}/s`
}

function bindingOf({ probe }: ViewedProbe, stop: StopName): Binding | undefined {
  if (isMachineBound(probe)) return { boundBy: null, words: 'the machine' }
  const explanation = probe.explanations.find((one) => one.stop === stop)
  if (explanation === undefined || isBoundUnknown(explanation)) return undefined
  const { boundBy } = explanation
  return { boundBy, words: boundBy === null ? noClientLimit : `the ${boundBy.split('/')[0]}’s limit` }
}

function floorsOf(typical: readonly ProbeRun[], armNames: readonly string[]): Floor[] {
  const limitersIn = (name: string) => typical.find(({ arm }) => arm === name)?.outcome.probe.limiters ?? []
  const limiters = [...new Set(armNames.flatMap((name) => limitersIn(name).map(limiterName)))]
  return limiters.map((limiter) => ({
    limiter,
    ms: armNames.map((name) => limitersIn(name).find((reading) => limiterName(reading) === limiter)?.floorMs || null),
  }))
}

/** Where it ran and with what pods. */
function conditionsOf(runs: readonly ProbeRun[]): string {
  const probes = runs.map(({ outcome }) => outcome.probe)
  const nodes = [...new Set(probes.map(({ node }) => node))]
  const tokens = new Set(probes.map(({ serviceAccountToken }) => serviceAccountToken))
  const pods = tokens.size > 1 ? 'in some arms with a' : tokens.has(true) ? 'with a' : 'without a'
  return `on node ${nodes.join(', ')}, pods ${pods} service-account token`
}

function runReport({ arm, label, repetition, outcome }: ProbeRun): RunReport {
  const { probe, troubles } = outcome
  const stops = stopTimes(probe)
  return {
    arm,
    label,
    repetition,
    name: probe.name,
    phase: `probe/${probe.name}`,
    conditions: probe,
    doubts: doubtsOf(outcome),
    test: {
      durationMs: Math.max(0, ...stops.flatMap(({ ms }) => ms ?? [])),
      output: stops.map(({ label, ms }) => `${label} ${ms === null ? 'not reached' : formatDuration(ms)}`).join(', '),
      ...(troubles.length > 0 && { error: troubles.join('; ') }),
    },
  }
}

function doubtsOf({ probe, isReal }: ViewedProbe): Doubt[] {
  const { name, node, explanations } = probe
  const unread = [...new Set(explanations.flatMap((explanation) => explanation.unread ?? []))]
  const contradicted = explanations.filter(({ contradicts }) => contradicts).map(({ stop }) => stopLabel(stop))
  const vague = vagueStops(probe)
  const doubts = [
    {
      title: 'Client limits that were not read, so it is not known what bound these numbers',
      text: unread.length > 0 && `${name}, ${unread.join(', ')}`,
    },
    {
      title: 'Times shorter than the client limits allow',
      text: contradicted.length > 0 && `${name}, ${contradicted.join(', ')}`,
    },
    {
      title: 'Probe containers are real: times include pulling their image and starting them',
      text: isReal && `node ${node}`,
    },
    { title: 'May be too long', text: vague.length > 0 && `${name}, ${vague.join('; ')}` },
  ]
  return doubts.flatMap(({ title, text }) => (text === false ? [] : [{ severity: 'warn' as const, title, text }]))
}

function vagueStops({ stopsMs, stopsVagueByMs }: ViewedProbe['probe']): string[] {
  return stopTimes({ stopsMs }).flatMap(({ stop, label, ms }) => {
    const byMs = stopsVagueByMs[stop] ?? 0
    if (ms === null || byMs <= clockResolutionMs) return []
    const [least, most] = [formatDuration(Math.max(0, ms - byMs)), formatDuration(ms)]
    if (least === most) return [`${label}, by up to ${formatDuration(byMs)}`]
    return [`${label}, really between ${least} and ${most}`]
  })
}

function reasonsOf({ label, outcome: { troubles, probe } }: ProbeRun): string[] {
  return [
    ...troubles.map((trouble) => `${label}: ${trouble}`),
    ...probe.explanations.map(({ stop, text }) => `${label}, ${stopLabel(stop)}: ${text}`),
  ]
}
