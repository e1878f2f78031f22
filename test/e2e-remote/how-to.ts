import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../e2e/components.ts'

/** The commands of docs/remote-clusters.md, each of which is to be tried. */
export interface HowTo {
  /** The one command that begins like this, with `fill` put where a reader has to put something. Throws when there is no such command, or no one such. */
  command(beginning: string, fill?: Readonly<Record<string, string>>): string
  /** Commands that nobody has asked for. */
  untried(): string[]
}

const commandLine = /^ {4}((?:make|npm|kubectl) .*)$/gm

/** Reads it. */
export function readHowTo(): HowTo {
  const text = readFileSync(join(root, 'docs', 'remote-clusters.md'), 'utf8')
  const untried = new Set([...text.matchAll(commandLine)].map(([, line = '']) => line))
  const all = [...untried]
  return {
    command(beginning, fill = {}) {
      const [found, ...others] = all.filter((line) => line.startsWith(beginning))
      if (found === undefined || others.length > 0)
        throw new Error(`docs/remote-clusters.md has not one command ${beginning}..., but: ${all.join('; ')}`)
      untried.delete(found)
      return Object.entries(fill).reduce((command, [blank, value]) => {
        if (!command.includes(blank)) throw new Error(`${found}: there is no ${blank}`)
        return command.replace(blank, value)
      }, found)
    },
    untried: () => [...untried],
  }
}
