import { isMap, isScalar, isSeq, parseDocument, stringify } from 'yaml'
import { Failure } from '../../base/errors.ts'
import { etcdVariable } from '../files/units.ts'
import type { Flags } from './arguments.ts'
import { requireTaken, withFlags } from './arguments.ts'
import type { HostComponent } from './section.ts'

/**
 * The manifest of a static pod with flags set in the command of its component's container, or of an etcd in its environment, where it has them
 * there; every other byte stays. The same text where nothing changes. Throws `Failure('bad-input')` where it is no such manifest.
 */
export function manifestWithFlags(text: string, component: HostComponent, flags: Flags, where: string): string {
  const document = parseDocument(text)
  const refusal = (why: string) =>
    new Failure('bad-input', `${where}: ${why}`, { next: 'Check `hosts` in the clusters file' })
  if (document.errors.length > 0) throw refusal('this is not YAML')
  const containers = document.getIn(['spec', 'containers'])
  if (!isSeq(containers)) throw refusal('this manifest has no containers')
  for (const [index] of containers.items.entries()) {
    const list = document.getIn(['spec', 'containers', index, 'command'])
    if (!isSeq(list)) continue
    const items = list.items.map((item) => {
      if (!isScalar(item) || !item.range) throw refusal(`the command of a container is not a list of words`)
      return { word: String(item.value), start: item.range[0], end: item.range[1] }
    })
    if (items[0]?.word.split('/').at(-1) !== component) continue
    if (list.flow === true) throw refusal('the command has to be one word per line, as kubeadm writes it')
    const environment = component === 'etcd' ? document.getIn(['spec', 'containers', index, 'env']) : undefined
    const file = variableIn(environment, etcdVariable('config-file'))
    const args = [...items.map(({ word }) => word), ...(isScalar(file) ? [`--config-file=${file.value}`] : [])]
    requireTaken(component, args, flags, where)
    for (const [flag, wanted] of Object.entries(flags)) {
      const value = variableIn(environment, etcdVariable(flag))
      if (value === undefined) continue
      if (!isScalar(value) || !value.range)
        throw refusal(`${etcdVariable(flag)} has no value: make it a flag of the command`)
      const [start, end] = value.range
      const changed =
        String(value.value) === wanted ? text : `${text.slice(0, start)}${JSON.stringify(wanted)}${text.slice(end)}`
      const { [flag]: _, ...others } = flags
      return manifestWithFlags(changed, component, others, where)
    }
    return edited(text, items, flags)
  }
  throw refusal(`no container's command is ${component}`)
}

/** What the kubelet of a node calls the pod of a manifest, and its mirror in the API (pkg/kubelet/config/common.go). */
export function mirrorOf(text: string, node: string): { namespace: string; name: string } {
  const document = parseDocument(text)
  const namespace = document.getIn(['metadata', 'namespace'])
  const name = document.getIn(['metadata', 'name'])
  return { namespace: namespace === undefined ? 'default' : String(namespace), name: `${name}-${node.toLowerCase()}` }
}

/** The value of a variable in a container's environment, as it is written; null where it has none, undefined where there is no such variable. */
function variableIn(environment: unknown, name: string): unknown {
  if (!isSeq(environment)) return undefined
  const variable = environment.items.find((item) => isMap(item) && item.get('name') === name)
  return isMap(variable) ? (variable.get('value', true) ?? null) : undefined
}

interface Item {
  word: string
  start: number
  end: number
}

/** Words are replaced where they stand, and new ones get lines of their own after the last. */
function edited(text: string, items: readonly Item[], flags: Flags): string {
  const words = items.map(({ word }) => word)
  const wanted = withFlags(words, flags)
  const lineStart = (at: number) => text.lastIndexOf('\n', at - 1) + 1
  const lineEnd = (at: number) => (text.indexOf('\n', at) === -1 ? text.length : text.indexOf('\n', at))
  let result = ''
  let from = 0
  let next = 0
  for (const [index, { word, start, end }] of items.entries()) {
    const replacement = wanted[next]
    const goesOn = words.slice(index + 1).includes(replacement ?? '')
    if (replacement === word) next++
    else if (replacement !== undefined && !goesOn && word.startsWith('-')) {
      result += text.slice(from, start) + scalar(replacement)
      from = end
      next++
    } else {
      // The value of a flag that was two words.
      result += text.slice(from, lineStart(start))
      from = Math.min(lineEnd(end) + 1, text.length)
    }
  }
  const last = items.at(-1)
  if (last === undefined) return text
  const indent = text.slice(lineStart(last.start), last.start)
  const end = Math.max(lineEnd(last.end), from)
  const added = wanted.slice(next).map((word) => `\n${indent}${scalar(word)}`)
  return `${result}${text.slice(from, end)}${added.join('')}${text.slice(end)}`
}

function scalar(word: string): string {
  return stringify(word, { lineWidth: 0 }).trimEnd()
}
