import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Failure } from '../../base/errors.ts'
import { excerpt } from '../../base/excerpt.ts'
import type { Component } from '../../tuning/knob.ts'
import { renderKnobs } from '../../tuning/render.ts'
import type { ArmSettings, Target } from '../target.ts'
import { toArguments } from './arguments/flags.ts'

export interface Asking {
  supports: Target['supports']
  /** Of the components' programs. */
  folder: string
  env: Readonly<Record<string, string>>
}

/** Programs that read all their flags before they print their version. */
const askable = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] as const satisfies Component[]

/**
 * Has each program read the flags and feature gates of every arm, before anything is started: a program built elsewhere may know other
 * ones, and only the program knows which values it takes. Throws `Failure('bad-input')` with what the first one says that refuses.
 */
export async function requireSettings(arms: readonly ArmSettings[], { supports, folder, env }: Asking): Promise<void> {
  const asked = new Set<string>()
  const questions = arms.flatMap(({ name, kubernetes, requests }) => {
    const { flags } = renderKnobs(requests.filter(({ knob }) => supports(knob, kubernetes).supported))
    return askable.flatMap((component) => {
      const args = toArguments(flags[component] ?? {})
      const key = [component, ...args].join('\0')
      if (args.length === 0 || asked.has(key)) return []
      asked.add(key)
      return [{ arm: name, component, args }]
    })
  })
  await Promise.all(questions.map((question) => ask(question, join(folder, question.component), env)))
}

interface Question {
  arm: string
  component: (typeof askable)[number]
  args: readonly string[]
}

async function ask({ arm, component, args }: Question, program: string, env: Asking['env']): Promise<void> {
  try {
    await promisify(execFile)(program, [...args, '--version'], { env })
  } catch (error) {
    const { stderr = '' } = error as { stderr?: string }
    throw new Failure('bad-input', `arm ${arm}: ${component} refuses its settings: ${refusalIn(stderr)}`, {
      next: 'Change what the arm sets; nothing was started',
    })
  }
}

/** The program's own words: klog has them in quotes behind `err=`, others on the first line. */
function refusalIn(stderr: string): string {
  const quoted = /err="((?:[^"\\]|\\.)*)"/.exec(stderr)?.[1]?.replaceAll('\\"', '"')
  const [first = ''] = stderr.split('\n')
  return excerpt(quoted ?? first.replace(/^Error: /, ''), 200)
}
