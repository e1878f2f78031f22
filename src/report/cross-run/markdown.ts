import { escapeMarkdown } from '../markdown.ts'
import { sideText } from './text.ts'
import type { CrossRunView } from './view.ts'
import { findingText } from './view.ts'

/** A comparison in brief, for a pull request or release notes (GitHub's Markdown). */
export function renderCrossRunMarkdown(view: CrossRunView): string {
  const blocks = [
    `## ${escapeMarkdown(view.title)}`,
    bullets(view.reasons),
    bullets(view.sides.map(sideText)),
    titled('Not the same experiment', view.unlike),
    titled(
      'What differs',
      view.differs.map(({ what, values }) => `${what}: ${values.join(' → ')}`),
    ),
    ...view.compared.flatMap(({ side: { letter }, worse, better, toLookAt, nothingShown }) => [
      titled(`Worse in ${letter}`, worse.map(findingText)),
      titled(`Better in ${letter}`, better.map(findingText)),
      escapeMarkdown(nothingShown),
      folded(`Worth a look in ${letter}: ${toLookAt.length} other figures`, toLookAt.map(findingText)),
    ]),
  ]
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`
}

function bullets(texts: readonly string[]): string {
  return texts.map((text) => `- ${escapeMarkdown(text)}`).join('\n')
}

function titled(title: string, texts: readonly string[]): string {
  return texts.length === 0 ? '' : `**${title}**\n\n${bullets(texts)}`
}

function folded(title: string, texts: readonly string[]): string {
  return texts.length === 0
    ? ''
    : `<details><summary>${escapeMarkdown(title)}</summary>\n\n${bullets(texts)}\n\n</details>`
}
