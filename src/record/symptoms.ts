import { orAborted, withTimeLimit } from '../base/abort.ts'
import type { Clock } from '../base/clock.ts'
import { messageOf } from '../base/errors.ts'
import type { ComponentMetrics, ComponentName, Wanted } from '../measure/metrics.ts'
import type { SymptomTurn } from '../measure/symptoms/watch.ts'
import { namesFor, watchSymptoms } from '../measure/symptoms/watch.ts'
import { processName } from '../result/parts.ts'
import type { SymptomsOutcome } from '../result/symptom.ts'
import type { CollectedPages } from './prometheus.ts'
import type { Samples } from './samples.ts'

/** What pages are read from. */
interface Scraped {
  readonly clock: Clock
  scrape(wanted: Wanted): Promise<ComponentMetrics[]>
}

export interface SymptomSources {
  everyMs: number
  /** Has pages of some components, such as a Prometheus; the others are read themselves. */
  collected?: CollectedPages
  /** Is told when a symptom begins, or is over. */
  onTurn(turn: SymptomTurn): void
}

/** Symptoms over an arm, and what it was doing meanwhile. */
export interface SymptomRecord {
  began(title: string): void
  ended(): void
  /** Begins to read. */
  follow(scraped: Scraped): void
  /** Reads once more, unless nobody has time for that, and then no more; what was found. */
  stop(isHasty?: boolean): Promise<SymptomsOutcome>
}

const small: readonly ComponentName[] = ['etcd', 'kube-controller-manager', 'kube-scheduler', 'kubelet', 'kube-proxy']
const all: readonly ComponentName[] = [...small, 'kube-apiserver']
/** The API server's page has 20,000 samples, and takes more time than all others together: it is read every fourth time. */
const everyFourth = 4
/** How long the last reading may take, of a cluster that may be broken. */
const lastReadingMs = 5000

/** Reads the components' pages again and again, until it is stopped, and keeps what the rules make of them. */
export function recordSymptoms(
  { everyMs, collected, onTurn }: SymptomSources,
  { tell, inArmMs }: Pick<Samples, 'tell' | 'inArmMs'>,
): SymptomRecord {
  const watch = watchSymptoms()
  const ending = new AbortController()
  const activities: { title: string; fromMs: number; toMs?: number }[] = []
  const unread = new Map<string, { times: number; because: string }>()
  let readings = 0
  let running: Promise<void> | undefined
  let followed: Scraped | undefined

  const notRead = (process: string, because: string) =>
    unread.set(process, { times: (unread.get(process)?.times ?? 0) + 1, because })
  const note = (pages: readonly ComponentMetrics[], atMs: number) => {
    readings++
    for (const { unread: because, ...page } of pages) if (because !== undefined) notRead(processName(page), because)
    for (const turn of watch.note(pages, atMs)) {
      const { rule, event, spell } = turn
      const { instance, labels, fromMs, worst } = spell
      tell({ kind: 'symptom', symptom: rule.id, event, instance, labels, fromMs: inArmMs(fromMs), worst })
      onTurn(turn)
    }
  }
  const readPages = async ({ scrape }: Scraped, components: readonly ComponentName[]): Promise<ComponentMetrics[]> => {
    const names = namesFor(components)
    if (collected === undefined) return scrape({ components, names })
    const isCollected = (component: ComponentName) => collected.components.includes(component)
    const [own, others] = await Promise.all([
      scrape({ components: components.filter((one) => !isCollected(one)), names }),
      collected.scrape({ components: components.filter(isCollected), names }).catch((error: unknown) => {
        notRead('Prometheus', messageOf(error))
        return []
      }),
    ])
    return [...own, ...others]
  }
  const read = async (scraped: Scraped) => {
    for (let count = 0; ; count++) {
      const components = count % everyFourth === 0 ? all : small
      const pages = await orAborted(ending.signal, readPages(scraped, components))
      note(pages, scraped.clock.nowMs())
      await scraped.clock.sleep(everyMs, ending.signal)
    }
  }
  /** What ended an arm may show only now. */
  const readLast = async (scraped: Scraped) => {
    const { clock } = scraped
    try {
      const pages = await withTimeLimit({ clock, limitMs: lastReadingMs }, (late) =>
        orAborted(late, readPages(scraped, all)),
      )
      note(pages, clock.nowMs())
    } catch (error) {
      notRead('at the end', messageOf(error))
    }
  }

  return {
    began(title) {
      activities.push({ title, fromMs: inArmMs() })
    },
    ended() {
      const last = activities.at(-1)
      if (last !== undefined) last.toMs = inArmMs()
    },
    follow(scraped) {
      // What ends the loop is the end, of the recording or of the cluster.
      running = read(scraped).catch(() => {})
      followed = scraped
    },
    async stop(isHasty = false) {
      ending.abort()
      await running
      if (followed !== undefined && !isHasty) await readLast(followed)
      return {
        everyMs,
        readings,
        activities: activities.map(({ title, fromMs, toMs = inArmMs() }) => ({ title, fromMs, toMs })),
        found: watch.found().map((symptom) => ({
          ...symptom,
          spells: symptom.spells.map((spell) => ({
            ...spell,
            fromMs: inArmMs(spell.fromMs),
            toMs: inArmMs(spell.toMs),
          })),
        })),
        notRead: [...unread].map(([process, more]) => ({ process, ...more })),
      }
    },
  }
}
