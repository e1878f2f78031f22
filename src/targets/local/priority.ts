import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Failure } from '../../base/errors.ts'
import { isExecutable, listFolder, readKernelFile } from '../../base/files.ts'
import { hasCapability, processIn } from '../../base/proc.ts'
import type { Environment } from '../../components/components.ts'
import { ioPriorityOf } from '../../tuning/io-priority.ts'
import type { RenderedKnobs } from '../../tuning/render.ts'

/** Classes as `ionice` prints them, at their numbers for `ionice -c`. */
const ioClasses = ['none', 'realtime', 'best-effort', 'idle']

/**
 * A command line that starts `command` with the given priorities. They are set before the program runs, because the
 * kernel keeps them per thread: `renice -p` and `ionice -p` on a running Go program reach one of its many threads only.
 * Throws `Failure('bad-input')` for an I/O priority that is not written as `ionice -p` prints it.
 */
export function withPriority(
  command: readonly string[],
  { nice, ioPriority }: RenderedKnobs['etcdProcess'],
): readonly string[] {
  return [
    ...(nice === undefined ? [] : ['nice', '-n', String(nice)]),
    ...(ioPriority === undefined ? [] : ['ionice', ...ioniceOptions(ioPriority)]),
    ...command,
  ]
}

function ioniceOptions(ioPriority: string): string[] {
  const { name, level } = ioPriorityOf(ioPriority)
  const number = ioClasses.indexOf(name)
  if (number === -1)
    throw new Failure('bad-input', `${JSON.stringify(ioPriority)} is not an I/O priority`, {
      next: 'Write it as ionice -p prints it, such as: best-effort: prio 0',
    })
  // Only the two classes in the middle have levels.
  return name === 'realtime' || name === 'best-effort'
    ? ['-c', String(number), '-n', level ?? '4']
    : ['-c', String(number)]
}

/** Nice values of a process's threads, each value once. */
export function readNice(pid: number): number[] {
  const values = threadsOf(pid).flatMap(
    (thread) => processIn(readKernelFile(`/proc/${pid}/task/${thread}/stat`))?.nice ?? [],
  )
  return [...new Set(values)]
}

/** I/O priorities of a process's threads as `ionice -p` prints them, each once. */
export async function readIoPriority(pid: number): Promise<string[]> {
  const { stdout } = await promisify(execFile)('ionice', ['-p', ...threadsOf(pid)])
  return [...new Set(stdout.trim().split('\n'))]
}

/** Whether this process may lower nice values: root may, unless a container took the capability away. */
export function mayRaisePriority(): boolean {
  const capSysNice = 23n
  return hasCapability(readKernelFile('/proc/self/status'), capSysNice) === true
}

/** Whether a program is on the PATH. */
export function isInstalled(program: string, env: Environment): boolean {
  return (env['PATH'] ?? '').split(':').some((folder) => isExecutable(join(folder, program)))
}

function threadsOf(pid: number): string[] {
  return listFolder(`/proc/${pid}/task`)
}
