import { formatCount } from '../../base/count.ts'
import { formatDuration } from '../../base/duration.ts'
import { accountTitle } from '../../report/conditions.ts'
import { distributionItems, distributionTitles } from '../../report/distribution.ts'
import { none } from '../../report/format.ts'
import type { Block, Cell, Section, Table } from '../../report/section.ts'
import type { ProbeOutcome } from './outcome.ts'
import type { ProbeRun } from './view-run.ts'

const pods = ['expected', 'created', 'bound', 'started', 'ready', 'deleted', 'unexpected', 'censored'] as const

/** Every pod accounted for, what each spent its time on, and what the apiserver was asked. */
export function accountSection(title: string, runs: readonly ProbeRun[], typical: readonly ProbeRun[]): Section {
  const blocks: Block[] = [podTable(title, runs), phaseTable(title, typical)]
  return { part: 'account', title: accountTitle, blocks: [...blocks, requestFold(title, typical)] }
}

function podTable(title: string, runs: readonly ProbeRun[]): Table {
  return {
    kind: 'table',
    brief: true,
    caption: 'Pods accounted for. Ready: when the probe ended. Uncertain: the exact moment was not seen.',
    columns: [
      { title: 'Arm' },
      ...pods.map((key) => ({ title: key === 'censored' ? 'uncertain' : key, of: 'figures' as const })),
    ],
    groups: [
      {
        title,
        rows: runs.map(({ arm, label, outcome: { probe } }) => [
          { text: label, arm },
          ...pods.map((key) => formatCount(probe.pods[key])),
        ]),
      },
    ],
  }
}

function phaseTable(title: string, typical: readonly ProbeRun[]): Table {
  const phases = [...new Set(typical.flatMap(({ outcome }) => Object.keys(outcome.probe.phasesMs)))]
  const rows = phases.flatMap((phase) =>
    typical.flatMap(({ arm, label, outcome }): Cell[][] => {
      const distribution = outcome.probe.phasesMs[phase]
      if (distribution === undefined) return []
      return [[phase, { text: label, arm }, ...distributionItems(distribution, formatDuration)]]
    }),
  )
  return {
    kind: 'table',
    caption: 'Time per pod between two points in its life, for the repetition nearest to the median',
    columns: [
      { title: 'Phase' },
      { title: 'Arm' },
      ...[...distributionTitles, 'pods', 'missing'].map((name) => ({ title: name, of: 'figures' as const })),
    ],
    groups: [{ title, rows }],
  }
}

function requestFold(title: string, typical: readonly ProbeRun[]): Block {
  return {
    kind: 'fold',
    title: `API requests, ${title}`,
    blocks: [
      {
        kind: 'table',
        caption: 'Requests the apiserver answered during the probe, for the repetition nearest to the median',
        columns: [
          { title: 'Request' },
          ...typical.map(({ arm, label }) => ({ title: { text: label, arm }, of: 'figures' as const })),
        ],
        groups: [{ rows: requestRows(typical.map(({ outcome }) => outcome.probe)) }],
      },
    ],
  }
}

function requestRows(probes: readonly ProbeOutcome[]): Cell[][] {
  // An apiserver that was read has a count of none that it was not asked for.
  const countOf = ({ apiRequests }: ProbeOutcome, request: string) => apiRequests[request] ?? 0
  const most = (request: string): number => Math.max(...probes.map((probe) => countOf(probe, request)))
  const requests = [...new Set(probes.flatMap((probe) => Object.keys(probe.apiRequests)))]
  return requests
    .sort((a, b) => most(b) - most(a))
    .map((request) => [
      { text: request, isCode: true },
      ...probes.map((probe) => (wereRequestsRead(probe) ? formatCount(countOf(probe, request)) : none)),
    ])
}

/** An apiserver that was read has answered something. */
function wereRequestsRead({ apiRequests }: ProbeOutcome): boolean {
  return Object.keys(apiRequests).length > 0
}
