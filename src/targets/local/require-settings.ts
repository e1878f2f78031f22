import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Failure } from '../../base/errors.ts'
import { excerpt } from '../../base/excerpt.ts'
import { makeFolder, makeTemporaryFolder, remove, removeIfEmpty, writeFileWhole } from '../../base/files.ts'
import type { Component } from '../../tuning/knob.ts'
import type { RenderedKnobs } from '../../tuning/render.ts'
import { kubeletFile, renderKnobs, schedulerFile } from '../../tuning/render.ts'
import type { ArmSettings, Target } from '../target.ts'
import { toArguments } from './arguments/flags.ts'

export interface Asking {
  supports: Target['supports']
  /** Of the components' programs. */
  folder: string
  env: Readonly<Record<string, string>>
  /** Where files are written for as long as the programs are asked; made if it is not there, and then removed. */
  scratchFolder: string
}

/**
 * Has each program read the flags, feature gates and configuration files of every arm, before anything is started: a program built
 * elsewhere may know other ones, and only the program knows which values it takes. Throws `Failure('bad-input')` with what the first one
 * says that refuses.
 */
export async function requireSettings(arms: readonly ArmSettings[], asking: Asking): Promise<void> {
  makeFolder(asking.scratchFolder, 0o700)
  const scratch = makeTemporaryFolder(join(asking.scratchFolder, 'asked-'))
  try {
    const asked = new Set<string>()
    const questions = arms.flatMap(({ name, kubernetes, requests }) => {
      const rendered = renderKnobs(requests.filter(({ knob }) => asking.supports(knob, kubernetes).supported))
      return questionsAbout(rendered).flatMap((question) => {
        const key = JSON.stringify(question)
        if (asked.has(key)) return []
        asked.add(key)
        return [{ ...question, arm: name }]
      })
    })
    // All are heard, so that which of them is told does not depend on which program is quicker.
    const refusals = await Promise.all(
      questions.map((question, at) => ask(question, join(scratch, `${at}.json`), asking)),
    )
    for (const [at, { arm, component }] of questions.entries()) {
      const refusal = refusals[at]
      if (refusal === undefined) continue
      throw new Failure('bad-input', `arm ${arm}: ${component} refuses its settings: ${excerpt(refusal, 300)}`, {
        next: 'Change what the arm sets; nothing was started',
      })
    }
  } finally {
    remove(scratch)
    removeIfEmpty(asking.scratchFolder)
  }
}

/** What one program is asked to read. */
interface Question {
  component: Component
  args: readonly string[]
  /** The configuration that it is given in a file. */
  file?: object
}

/** Programs that read all their flags before they print their version. */
const askedByFlags = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
] as const satisfies Component[]

function questionsAbout({ flags, schedulerConfiguration, kubeletConfiguration }: RenderedKnobs): Question[] {
  const questions: Question[] = askedByFlags.flatMap((component) => {
    const args = toArguments(flags[component] ?? {})
    return args.length === 0 ? [] : [{ component, args: [...args, '--version'] }]
  })
  if (Object.keys(schedulerConfiguration).length > 0) {
    const { file, flags: others } = schedulerFile(schedulerConfiguration, {
      kubeconfig: '',
      flags: flags['kube-scheduler'],
    })
    questions.push({ component: 'kube-scheduler', args: toArguments({ ...others, ...onlyReading }), file })
  }
  if (Object.keys(kubeletConfiguration).length > 0)
    questions.push({ component: 'kubelet', args: noCluster, file: kubeletFile(kubeletConfiguration) })
  return questions
}

/** What makes kube-scheduler end when it has read its file and made its profiles: it needs an address, and asks nobody. */
const onlyReading = {
  master: 'https://127.0.0.1:1',
  'secure-port': '0',
  'leader-elect': 'false',
  'write-config-to': '/dev/null',
} as const

/** hollow-node reads its kubelets' settings first, and then finds no cluster to join. */
const noCluster = ['--kubeconfig=/dev/null/none']

/** Much longer than any takes: a program that goes on has nothing against its settings. */
const askTimeoutMs = 30_000

/** Why a program refuses; undefined where it does not. */
async function ask(
  { component, args, file }: Question,
  path: string,
  { folder, env }: Asking,
): Promise<string | undefined> {
  const program = join(folder, component === 'kubelet' ? 'hollow-node' : component)
  if (file !== undefined) writeFileWhole(path, JSON.stringify(file))
  const given = [...(file === undefined ? [] : [`--config=${path}`]), ...args]
  try {
    await promisify(execFile)(program, given, { env, timeout: askTimeoutMs })
    return undefined
  } catch (error) {
    const { stderr = '', message } = error as Error & { stderr?: string }
    if (component === 'kubelet' && !stderr.includes(path)) return undefined
    return refusalIn(stderr, path) || message
  }
}

/** The program's own words: klog has them in quotes behind `err=`, hollow-node behind the file's path, others on the first line. */
function refusalIn(stderr: string, path: string): string {
  const quoted = /err="((?:[^"\\]|\\.)*)"/.exec(stderr)?.[1]?.replaceAll('\\"', '"')
  const behindPath = stderr.split(`${path}: `)[1]
  const [first = ''] = stderr.split('\n')
  return (quoted ?? behindPath ?? first).trim().replace(/^Error: /, '')
}
