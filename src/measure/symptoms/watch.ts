import type { Spell, Symptom } from '../../result/symptom.ts'
import type { ComponentMetrics, ComponentName } from '../metrics.ts'
import { seriesKeyOf } from '../metrics.ts'
import { pairs } from '../pairs.ts'
import type { Reading } from './readings.ts'
import type { SymptomRule } from './rules.ts'
import { ruleInWords, symptomRules } from './rules.ts'

/** A symptom begins, or is over. */
export interface SymptomTurn {
  rule: SymptomRule
  event: 'began' | 'ended'
  spell: Spell
}

/** Looks for symptoms in readings of the components' pages, one after another. */
export interface SymptomWatch {
  /** Takes what was read at a moment; pages that were not read count later. Returns what that changes. */
  note(pages: readonly ComponentMetrics[], atMs: number): SymptomTurn[]
  /** All that was found so far, what still goes on included, in the order of the rules. */
  found(): Symptom[]
}

/** So many stretches are kept of a symptom, the longest ones. */
const mostSpells = 50

interface OpenSpell extends Spell {
  readings: number
  isTold: boolean
}

/** The metrics that the rules need of these components. */
export function namesFor(components: readonly ComponentName[]): ReadonlySet<string> {
  return new Set(rulesOf(components).flatMap(({ measure }) => measure.names))
}

function rulesOf(components: readonly ComponentName[]): SymptomRule[] {
  return symptomRules.filter(({ component }) => components.includes(component))
}

/** Has seen nothing yet. It keeps the last page of each process, and a bounded number of stretches for each rule. */
export function watchSymptoms(): SymptomWatch {
  const last = new Map<string, { page: ComponentMetrics; atMs: number }>()
  const open = new Map<string, OpenSpell>()
  const closed = new Map<SymptomRule, { spells: Spell[]; leftOut: number }>()

  const close = (rule: SymptomRule, { readings: _, isTold, ...spell }: OpenSpell): SymptomTurn[] => {
    if (!isTold) return []
    const { spells, leftOut } = closed.get(rule) ?? { spells: [], leftOut: 0 }
    const kept = longest([...spells, spell])
    closed.set(rule, { spells: kept, leftOut: leftOut + spells.length + 1 - kept.length })
    return [{ rule, event: 'ended', spell }]
  }

  /** Compares what a process said with what it said before. */
  const compare = (
    rule: SymptomRule,
    page: ComponentMetrics,
    values: readonly Reading[],
    time: Between,
  ): SymptomTurn[] => {
    const prefix = `${rule.id}\n${page.instance}\n`
    const over = new Map(
      values.filter((one) => isOver(rule, one)).map((one) => [prefix + seriesKeyOf(one.labels), one]),
    )
    const ended = [...open].flatMap(([key, spell]) => {
      if (!key.startsWith(prefix) || over.has(key)) return []
      open.delete(key)
      return close(rule, spell)
    })
    const began = [...over].flatMap(([key, reading]): SymptomTurn[] => {
      const spell = extended(open.get(key), page, reading, time)
      open.set(key, spell)
      const isLong = rule.forMs === 0 || (spell.readings > 1 && spell.toMs - spell.fromMs >= rule.forMs)
      if (spell.isTold || !isLong) return []
      spell.isTold = true
      return [{ rule, event: 'began', spell: told(spell) }]
    })
    return [...ended, ...began]
  }

  return {
    note: (pages, atMs) =>
      pages.flatMap((page) => {
        if (page.unread !== undefined) return []
        const key = `${page.component} ${page.instance}`
        const before = last.get(key)
        // A source that collects pages itself may have none that is newer.
        if (before !== undefined && before.page.takenMs !== undefined && before.page.takenMs === page.takenMs) return []
        last.set(key, { page, atMs })
        const [pair] = before === undefined ? [] : pairs({ before: [before.page], after: [page] }, page.component).pairs
        const time = { fromMs: before?.atMs ?? atMs, toMs: atMs }
        const seconds = ((page.takenMs ?? time.toMs) - (before?.page.takenMs ?? time.fromMs)) / 1000
        // Of another process than before nothing is known yet.
        return rulesOf([page.component]).flatMap((rule) =>
          compare(rule, page, pair === undefined ? [] : rule.measure.read(pair, seconds), time),
        )
      }),
    found() {
      const going = [...open].filter(([, { isTold }]) => isTold)
      return symptomRules.flatMap((rule) => {
        const { spells, leftOut } = closed.get(rule) ?? { spells: [], leftOut: 0 }
        const own = going.filter(([key]) => key.startsWith(`${rule.id}\n`)).map(([, spell]) => told(spell))
        const all = [...spells, ...own].toSorted((one, other) => one.fromMs - other.fromMs)
        return all.length === 0 ? [] : [symptomOf(rule, all, leftOut)]
      })
    },
  }
}

interface Between {
  fromMs: number
  toMs: number
}

function isOver({ limit }: SymptomRule, { value, isBeyond }: Reading): boolean {
  return value > limit || (isBeyond === true && value >= limit)
}

function extended(
  before: OpenSpell | undefined,
  { instance }: ComponentMetrics,
  { labels, value, isBeyond }: Reading,
  time: Between,
): OpenSpell {
  const isWorst = before === undefined || value >= before.worst
  return {
    instance,
    labels: { ...labels },
    fromMs: before?.fromMs ?? time.fromMs,
    toMs: time.toMs,
    worst: isWorst ? value : before.worst,
    ...((isWorst ? isBeyond : before.isBeyond) === true && { isBeyond: true as const }),
    readings: (before?.readings ?? 0) + 1,
    isTold: before?.isTold ?? false,
  }
}

function told({ readings: _, isTold: __, ...spell }: OpenSpell): Spell {
  return spell
}

function longest(spells: Spell[]): Spell[] {
  if (spells.length <= mostSpells) return spells
  const shortest = spells.toSorted((one, other) => one.toMs - one.fromMs - (other.toMs - other.fromMs))[0]
  return spells.filter((one) => one !== shortest)
}

function symptomOf(rule: SymptomRule, spells: Spell[], leftOut: number): Symptom {
  const { id, component, what, source, unit, limit, knobs } = rule
  return {
    ...{ id, component, what, rule: ruleInWords(rule), source, unit, limit, knobs: [...knobs], spells },
    ...(leftOut > 0 && { spellsLeftOut: leftOut }),
  }
}
