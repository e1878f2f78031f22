import { formatCount } from '../../base/count.ts'
import { formatDuration } from '../../base/duration.ts'
import type { ContainerStarts } from '../../fleet/hollow-node.ts'
import { startsMs } from '../../fleet/hollow-node.ts'
import { explains } from '../../measure/limiters.ts'
import type { Explanation } from '../../result/parts.ts'
import type { StopsMs } from '../../result/timeline.ts'

/** The stops of a probe, by which all of its containers have started. */
const afterStarts = new Set<string>(['available', 'ready'])

/** The same explanations; where starting so many containers accounts for a stop, whatever client limits do, they say so. */
export function withContainerStarts(
  explanations: readonly Explanation[],
  stopsMs: StopsMs,
  containers: number,
  starts: ContainerStarts | undefined,
): Explanation[] {
  if (starts === undefined || containers <= 0) return [...explanations]
  const floorMs = startsMs(containers, starts)
  const atATime = starts.parallel === undefined ? 'all at once' : `${formatCount(starts.parallel)} at a time`
  const what = `${formatCount(containers)} containers, ${atATime}, ${formatDuration(starts.timeMs)} each`
  return explanations.map((explanation) => {
    const { stop, text } = explanation
    const stopMs = stopsMs[stop as keyof StopsMs] ?? 0
    const isTold = afterStarts.has(stop) && floorMs >= explains.least * stopMs && floorMs <= explains.most * stopMs
    if (!isTold) return explanation
    return {
      ...explanation,
      text: `${text}; container starts take ${formatDuration(floorMs)} of ${formatDuration(stopMs)}: ${what}`,
    }
  })
}
