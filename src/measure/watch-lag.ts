import type { Distribution } from '../result/distribution.ts'
import { distributionOf } from './distribution.ts'
import type { WatchLagRecord } from './window.ts'

/** How late a watch was; nothing was observed where no canary was watched. */
export function watchLagOf(record: WatchLagRecord | null): Distribution {
  return record === null ? distributionOf([]) : distributionOf(record.lagsMs, record.unseen)
}
