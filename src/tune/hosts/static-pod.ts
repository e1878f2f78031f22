import { isScalar, isSeq, parseDocument } from 'yaml'
import { Failure } from '../../base/errors.ts'
import type { Flags } from './arguments.ts'
import { withFlags } from './arguments.ts'
import type { HostComponent } from './section.ts'

/**
 * The manifest of a static pod with flags set in the command of its component's container; comments and order stay. The same text where
 * nothing changes. Throws `Failure('bad-input')` where it is no such manifest.
 */
export function manifestWithFlags(text: string, component: HostComponent, flags: Flags, where: string): string {
  const document = parseDocument(text)
  const refusal = (why: string) =>
    new Failure('bad-input', `${where}: ${why}`, { next: 'Check `hosts` in the clusters file' })
  if (document.errors.length > 0) throw refusal('this is not YAML')
  const containers = document.getIn(['spec', 'containers'])
  if (!isSeq(containers)) throw refusal('this manifest has no containers')
  for (const [index] of containers.items.entries()) {
    for (const field of ['command', 'args']) {
      const path = ['spec', 'containers', index, field]
      const list = document.getIn(path)
      if (!isSeq(list) || !list.items.every(isScalar)) continue
      const words = list.items.map((item) => String((item as { value: unknown }).value))
      const isOurs = (words[0] ?? '').split('/').at(-1) === component
      if (!isOurs) continue
      const wanted = withFlags(words, flags)
      if (wanted.join('\0') === words.join('\0')) return text
      // In place, so that comments of words that stay are kept.
      const kept = new Map(list.items.map((item, at) => [words[at], item]))
      list.items = wanted.map((word) => kept.get(word) ?? document.createNode(word))
      return document.toString({ lineWidth: 0 })
    }
  }
  throw refusal(`no container runs ${component}`)
}
