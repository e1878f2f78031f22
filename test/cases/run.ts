import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import process from 'node:process'
import { root } from '../e2e/components.ts'

/** The file that npm and make start. */
export const program = join(root, 'src', 'start.cjs')

/** How the program is started. */
export interface Start {
  args: readonly string[]
  env?: Record<string, string | undefined>
  cwd?: string
  uid?: number
  gid?: number
  /** Options of Node itself. */
  node?: readonly string[]
  /** A module that runs first, as JavaScript. */
  preload?: string
  /** Makes another command line of the program's, such as one that starts it in namespaces. */
  through?(command: readonly string[]): readonly string[]
}

/** The program in a process of its own. */
export interface Started {
  child: ChildProcess
  /** Standard output and error, as they came. */
  said(): string
  /** Resolves when it has said this; rejects when it ends before. */
  until(text: string): Promise<void>
  /** Its exit status, when it has ended and closed its output; null where a signal ended it. */
  status(): Promise<number | null>
}

/** Starts the program as a user does. */
export function start({ args, env, preload, node = [], through = (words) => words, ...options }: Start): Started {
  const first = preload === undefined ? [] : ['--import', `data:text/javascript,${encodeURIComponent(preload)}`]
  const [command = '', ...words] = through([process.execPath, ...node, ...first, program, ...args])
  const child = spawn(command, words, {
    ...options,
    env: { ...process.env, npm_lifecycle_event: undefined, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  let heard = () => {}
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text
      heard()
    })
  const ended = once(child, 'close')
  return {
    child,
    said: () => said,
    async until(text) {
      while (!said.includes(text)) {
        const news = new Promise<void>((resolve) => {
          heard = resolve
        })
        const isOver = await Promise.race([news.then(() => false), ended.then(() => true)])
        if (isOver && !said.includes(text)) throw new Error(`it ended without saying "${text}":\n${said}`)
      }
    },
    async status() {
      const [code] = (await ended) as [number | null]
      return code
    },
  }
}

/** A preloaded module: runs `code` when a text that has `text` in it is about to be printed. */
export function whenPrinting(text: string, code: string): string {
  return `
    const write = process.stdout.write
    process.stdout.write = function (said, ...rest) {
      if (String(said).includes(${JSON.stringify(text)})) { ${code} }
      return write.call(this, said, ...rest)
    }`
}
