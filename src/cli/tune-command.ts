import { join } from 'node:path'
import { plural } from '../base/count.ts'
import { exitCodes, Failure } from '../base/errors.ts'
import { excerpt } from '../base/excerpt.ts'
import { shownPath } from '../base/file-failures.ts'
import { kindOf, listFolder, writeFileWhole } from '../base/files.ts'
import type { LeftOut, TunedFile } from '../tune/format.ts'
import type { FormatName } from '../tune/formats.ts'
import { formats } from '../tune/formats.ts'
import { renderFor } from '../tune/rendering.ts'
import { knownSettings } from '../tuning/known-settings.ts'
import { requestsIn } from './profile-files.ts'
import type { Surroundings } from './surroundings.ts'
import type { Styles } from './terminal.ts'
import { wrap } from './wrap.ts'

export interface TuneRenderOptions {
  /** The name of a profile, or the path of its file. */
  profile: string
  for: FormatName
  /** The folder to write the files to; printed when absent. */
  output?: string
  /** Of each host. */
  cores?: number
  /** `1.36`; the newest that is known when absent. */
  kubernetes?: string
}

/**
 * Writes, or prints, the files by which somebody gives a cluster the settings of a profile, and says how to apply them and what they lack.
 * Touches no cluster. Throws `Failure`.
 */
export function tuneRenderCommand(
  options: TuneRenderOptions,
  { terminal, styles, folders }: Pick<Surroundings, 'terminal' | 'styles' | 'folders'>,
): number {
  const { output } = options
  const kubernetes = versionOf(options.kubernetes)
  const { name, requests } = requestsIn(options.profile, folders.profiles)
  const circumstances = { profile: name, kubernetes, cores: options.cores }
  const { files, leftOut, remarks } = renderFor(formats[options.for], requests, circumstances)
  if (output === undefined) for (const file of files) terminal.print(`${styles.bold(`==> ${file.path}`)}\n${file.text}`)
  else {
    requireEmpty(output)
    for (const { path, text } of files) writeFileWhole(join(output, path), text)
    terminal.print(`wrote ${plural(files.length, 'file')} to ${shownPath(output)}`)
  }
  if (requests.length === 0) terminal.print(`profile ${name} sets nothing: there is nothing to apply`)
  const sections = [
    section('Apply, in this order', stepsOf(files).flatMap(applyLines), styles),
    section('Not in these files', leftOut.flatMap(leftOutLines), styles),
    section(
      'Good to know',
      remarks.flatMap((remark) => wrap(remark)),
      styles,
    ),
  ]
  for (const lines of sections) if (lines.length > 0) terminal.print(lines.join('\n'))
  return exitCodes.pass
}

function section(title: string, lines: readonly string[], styles: Styles): string[] {
  return lines.length === 0 ? [] : ['', styles.bold(title), ...lines]
}

/** Files that are applied by the same step are one. */
function stepsOf(files: readonly TunedFile[]): { paths: string[]; apply: readonly string[] }[] {
  const steps: { paths: string[]; apply: readonly string[] }[] = []
  for (const { path, apply } of files) {
    const last = steps.at(-1)
    if (last?.apply === apply) last.paths.push(path)
    else steps.push({ paths: [path], apply })
  }
  return steps
}

/** Commands are not wrapped, so that they can be copied. */
function applyLines({ paths, apply }: { paths: string[]; apply: readonly string[] }, index: number): string[] {
  return [
    ...wrap(paths.join(', '), `  ${`${index + 1}.`.padEnd(3)} `),
    ...apply.flatMap((text) => (text.startsWith('$ ') ? [`        ${text}`] : wrap(text, '      '))),
  ]
}

function leftOutLines({ requests, because, instead }: LeftOut): string[] {
  return [
    ...wrap(requests.map(({ knob, value }) => `${knob.id}=${value}`).join(', ')),
    ...wrap(`${because}.`, '      '),
    ...(instead === undefined ? [] : wrap(`${instead}.`, '      ')),
  ]
}

function versionOf(given: string | undefined): string {
  const versions = knownSettings.map(({ version }) => version)
  const [newest = ''] = versions
  if (given !== undefined && !versions.includes(given))
    throw new Failure('bad-input', `what Kubernetes ${excerpt(given)} can be told is not known here`, {
      next: `Use one of ${versions.join(', ')}`,
    })
  return given ?? newest
}

/** What was there before could be taken for a part of this. */
function requireEmpty(folder: string): void {
  const kind = kindOf(folder)
  if (kind === undefined || (kind === 'folder' && listFolder(folder).length === 0)) return
  throw new Failure('bad-input', `${shownPath(folder)} ${kind === 'folder' ? 'is not empty' : 'is not a folder'}`, {
    next: 'Name another folder with --output, or remove this one',
  })
}
