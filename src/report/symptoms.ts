import { plural } from '../base/count.ts'
import { formatDuration } from '../base/duration.ts'
import { formatNames } from '../base/names.ts'
import { processName } from '../result/parts.ts'
import type { ArmOutcome } from '../result/result.ts'
import type { Activity, Spell, Symptom, SymptomsOutcome } from '../result/symptom.ts'
import { labelsText, valueText } from '../result/symptom.ts'
import type { EvidenceWords } from './evidence.ts'
import { armLabel } from './labels.ts'
import type { Block, Cell, Section, Table, Timeline } from './section.ts'

type WatchedArm = ArmOutcome & { symptoms: SymptomsOutcome }

/** What the components' pages showed while the arms ran; nothing of results in which nobody looked. */
export function symptomsSection(arms: readonly ArmOutcome[], words: EvidenceWords): Section[] {
  const watched = arms.filter((arm): arm is WatchedArm => arm.symptoms !== undefined)
  if (watched.length === 0) return []
  const ill = watched.filter(({ symptoms }) => symptoms.found.length > 0)
  const well = watched.filter(({ symptoms }) => symptoms.found.length === 0)
  const everyMs = Math.min(...watched.map(({ symptoms }) => symptoms.everyMs))
  const [first, others] = [
    ill.filter(({ repetition }) => repetition <= 1),
    ill.filter(({ repetition }) => repetition > 1),
  ]
  const blocks: Block[] = [
    {
      kind: 'paragraph',
      text: `${words.symptoms}, read every ${formatDuration(everyMs)}. Each has a stated rule; docs/symptoms.md lists them all.`,
    },
    ...first.map(timelineOf),
    ...(others.length === 0
      ? []
      : [{ kind: 'fold' as const, title: 'Further repetitions', blocks: others.map(timelineOf) }]),
    ...(ill.length === 0 ? [] : [tableOf(ill, watched)]),
    ...(well.length === 0
      ? []
      : [
          {
            kind: 'paragraph' as const,
            brief: true as const,
            text: `No symptoms: ${formatNames(well.map(armLabel))}.`,
          },
        ]),
    ...watched.flatMap(notReadNote),
  ]
  return [{ part: 'reasons', title: 'Symptoms', blocks }]
}

/** What each arm suffered from in any of its runs, a sentence an arm; nothing of arms that did not. */
export function symptomLines(arms: readonly ArmOutcome[]): string[] {
  return [...Map.groupBy(arms, ({ name }) => name)].flatMap(([name, runs]) => {
    const found = new Set(runs.flatMap(({ symptoms }) => symptoms?.found.map(({ what }) => what) ?? []))
    return found.size === 0 ? [] : [`${name}: ${[...found].join('; ')}`]
  })
}

function timelineOf(arm: WatchedArm): Timeline {
  const { activities, found } = arm.symptoms
  const ends = [...activities, ...found.flatMap(({ spells }) => spells)].map(({ toMs }) => toMs)
  return {
    kind: 'timeline',
    title: armLabel(arm),
    arm: arm.name,
    description: found.map((symptom) => `${symptom.what}, ${timesOf(symptom)}`).join('; '),
    endMs: Math.max(1, ...ends),
    activities: longOnes(activities).map(({ title, ...span }) => ({ text: title, ...span })),
    lanes: found.map(({ id, spells, unit }) => ({
      label: id,
      spans: spells.map((spell) => ({
        fromMs: spell.fromMs,
        toMs: spell.toMs,
        text: `${spell.instance}${labelsText(spell)}: ${worstText(spell, unit)}`,
      })),
    })),
  }
}

/** A row for each symptom of an arm, all its repetitions together. */
function tableOf(arms: readonly WatchedArm[], watched: readonly WatchedArm[]): Table {
  const byName = Map.groupBy(arms, ({ name }) => name)
  return {
    kind: 'table',
    brief: true,
    caption: 'What was found, by which rule, and the settings that address it',
    columns: [
      { title: 'Symptom', of: 'text' },
      { title: 'when and where', of: 'text' },
      { title: 'worst', of: 'figures' },
      { title: 'settings', of: 'names' },
    ],
    groups: [...byName].map(([name, runs]) => {
      const of = watched.filter((arm) => arm.name === name).length
      const byId = Map.groupBy(
        runs.flatMap(({ symptoms: { found, activities } }) => found.map((symptom) => ({ symptom, activities }))),
        ({ symptom }) => symptom.id,
      )
      return { title: name, rows: [...byId.values()].map((those) => rowOf(those, of)) }
    }),
  }
}

interface FoundInRun {
  symptom: Symptom
  activities: readonly Activity[]
}

const mostNamed = 4

function rowOf(runs: readonly FoundInRun[], of: number): Cell[] {
  const [{ symptom, activities }] = runs as [FoundInRun]
  const { component, what, rule, source, unit, limit, knobs, spells } = symptom
  const place = (spell: Spell) => `${processName({ component, instance: spell.instance })}${labelsText(spell)}`
  const during = longOnes(activities).filter((one) =>
    spells.some((spell) => spell.fromMs < one.toMs && one.fromMs < spell.toMs),
  )
  const worst = runs.flatMap((run) => run.symptom.spells).toSorted((one, other) => other.worst - one.worst)[0]
  const where = [
    formatNames([...new Set(spells.map(place))], mostNamed),
    `during: ${formatNames(
      during.map(({ title }) => title),
      mostNamed,
    )}`,
  ]
  const often = of === 1 ? [] : [`in ${runs.length} of ${plural(of, 'run')}; this is the first of them`]
  return [
    { text: what, detail: `${rule}. Source: ${source}.` },
    { text: timesOf(symptom), detail: [...where, ...often].join('; ') },
    { text: worst === undefined ? '' : worstText(worst, unit), detail: `limit ${valueText(limit, unit)}` },
    knobs.map((text) => ({ text, isCode: true as const })),
  ]
}

/** Shorter ones are over before anything is read, and too narrow to be seen. */
function longOnes(activities: readonly Activity[]): Activity[] {
  const shortMs = Math.max(0, ...activities.map(({ toMs }) => toMs)) / 100
  return activities.filter(({ fromMs, toMs }) => toMs - fromMs > shortMs)
}

/** `40.0 s – 12 m 0 s`, from the first beginning to the last end. */
function timesOf({ spells, spellsLeftOut = 0 }: Symptom): string {
  const from = Math.min(...spells.map(({ fromMs }) => fromMs))
  const to = Math.max(...spells.map(({ toMs }) => toMs))
  const count = spells.length + spellsLeftOut
  const times = `${formatDuration(from)} – ${formatDuration(to)}`
  return count === 1 ? times : `${times}, ${plural(count, 'stretch', 'stretches')}`
}

function worstText({ worst, isBeyond }: Spell, unit: Symptom['unit']): string {
  return `${isBeyond ? '> ' : ''}${valueText(worst, unit)}`
}

function notReadNote(arm: WatchedArm): Block[] {
  const { notRead, readings } = arm.symptoms
  if (notRead.length === 0) return []
  const texts = notRead.map(({ process, times, because }) => `${process} (${times} of ${readings} times: ${because})`)
  return [{ kind: 'paragraph', isNote: true, text: `${armLabel(arm)}, not read: ${texts.join('; ')}` }]
}
