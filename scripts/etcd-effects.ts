/**
 * Prints what the experiments on etcd's settings measured: for each run's folder that is named, the figures of docs/knobs.md, a table for each arm.
 *
 *     node scripts/etcd-effects.ts reports/etcd-quota-*
 */
import process from 'node:process'
import { medianOf } from '../src/base/median.ts'
import { readResult } from '../src/cli/result-files.ts'
import { formatLatency } from '../src/report/format.ts'
import type { ArmOutcome } from '../src/result/result.ts'
import type { Series } from '../src/result/series.ts'
import { ratioOfPairs } from '../src/statistics/ratio.ts'

interface Figure {
  name: string
  series: string
  percentile: 'p50' | 'p99'
  /** Which of the series count; of those that do, the slowest stands for all. */
  only?: (labels: Series['labels']) => boolean
}

const isWrite = ({ verb, resource, subresource }: Series['labels']) =>
  verb === 'POST' && (resource === 'configmaps' || resource === 'pods') && subresource === undefined
const figures: readonly Figure[] = (['p50', 'p99'] as const).flatMap((percentile) => [
  { name: `log sync ${percentile}`, series: 'etcd_fsync_ms', percentile },
  { name: `commit ${percentile}`, series: 'etcd_commit_ms', percentile },
  { name: `write through the API ${percentile}`, series: 'apiserver_request_latency_ms', percentile, only: isWrite },
])

for (const runFolder of process.argv.slice(2)) print(runFolder)

function print(runFolder: string): void {
  const { plan, startedAt, arms: all } = readResult(runFolder)
  const arms = all.filter(({ outcome }) => outcome === 'complete').toSorted((one, other) => one.order - other.order)
  const [baseline = '', ...others] = [...new Set(arms.map(({ name }) => name))]
  const write = (line: string) => process.stdout.write(`${line}\n`)
  write(`\n${plan} (${startedAt ?? 'no date'}, etcd ${arms[0]?.versions?.['etcd'] ?? 'of unknown version'})\n`)
  for (const other of others) {
    write(`| figure | ${baseline} | ${other} | ratio, 95 % interval | n |\n|---|---|---|---|---|`)
    for (const figure of figures) {
      const [before, after] = [valuesOf(figure, arms, baseline), valuesOf(figure, arms, other)]
      const pairs = [...before].flatMap(([repetition, value]) => {
        const paired = after.get(repetition)
        return paired === undefined ? [] : [[value, paired] as const]
      })
      const estimate = ratioOfPairs(pairs)
      if (estimate === null) continue
      const { ratio, low, high, n } = estimate
      const medians = [before, after].map((values) => formatLatency(medianOf([...values.values()]) ?? Number.NaN))
      write(
        `| ${figure.name} | ${medians.join(' | ')} | ${ratio.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)}) | ${n} |`,
      )
    }
  }
}

/** By repetition, milliseconds. */
function valuesOf({ series, percentile, only = () => true }: Figure, arms: readonly ArmOutcome[], name: string) {
  const own = arms.filter((arm) => arm.name === name)
  return new Map(
    own.flatMap(({ repetition, steps }) => {
      const values = steps.flatMap(({ series: all = [] }) =>
        all.flatMap((one) => {
          const isMeant = one.name === series && 'distribution' in one && only(one.labels)
          return isMeant ? (one.distribution[percentile] ?? []) : []
        }),
      )
      return values.length === 0 ? [] : [[repetition, Math.max(...values)] as const]
    }),
  )
}
