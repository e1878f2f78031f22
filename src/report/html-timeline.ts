import { formatDuration } from '../base/duration.ts'
import { swatch } from './html-elements.ts'
import type { Markup } from './markup.ts'
import { markup } from './markup.ts'
import type { Timeline, TimeSpan } from './section.ts'
import type { ReportView } from './view.ts'

/** Lanes are drawn in thousandths of the time that they show, whatever the page's width. */
const width = 1000
const height = 24
/** A stretch is never too short to be seen. */
const narrowest = 3

/** A timeline: what was done in the first lane, and below it in lanes of their own when something went on. */
export function timelineMarkup(
  view: ReportView,
  { title, arm, description, endMs, activities, lanes }: Timeline,
): Markup {
  const moments = [0, 0.5, 1].map((share) => markup`<span>${formatDuration(share * endMs)}</span>`)
  return markup`<figure><figcaption><h3>${swatch(view, arm, title)}</h3></figcaption>
<div class="timeline" role="img" aria-label="${`${title}: ${description}`}">
<div>the run</div>${doing(activities, endMs)}
${lanes.map(({ label, spans }) => markup`<div class="lane">${label}</div>${track(spans, endMs)}`)}
<div></div><div class="axis">${moments}</div></div></figure>`
}

/** What was done, each piece as wide as it took; its name is cut where it does not fit. */
function doing(activities: readonly TimeSpan[], endMs: number): Markup {
  const share = (ms: number) => `${((100 * ms) / endMs).toFixed(2)}%`
  const pieces = activities.map(
    ({ fromMs, toMs, text }) =>
      markup`<foreignObject x="${share(fromMs)}" width="${share(toMs - fromMs)}" height="100%"><b title="${`${text}, ${formatDuration(toMs - fromMs)}`}">${text}</b></foreignObject>`,
  )
  return markup`<svg class="doing" width="100%" aria-hidden="true" focusable="false">${pieces}</svg>`
}

/** A lane: its stretches, which say more where somebody points at them. */
function track(spans: readonly TimeSpan[], endMs: number): Markup {
  const at = (ms: number) => (width * ms) / endMs
  const boxes = spans.map(({ fromMs, toMs, text }) => {
    const wide = Math.max(narrowest, at(toMs) - at(fromMs))
    const left = Math.min(at(fromMs), width - wide)
    const times = `${formatDuration(fromMs)} – ${formatDuration(toMs)}`
    return markup`<rect x="${left.toFixed(1)}" y="2" width="${wide.toFixed(1)}" height="${height - 4}" fill="var(--bad)"><title>${`${text}, ${times}`}</title></rect>`
  })
  return markup`<svg viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" aria-hidden="true" focusable="false"><rect x="0" y="${height / 2}" width="${width}" height="1" fill="var(--line)"/>${boxes}</svg>`
}
