import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import process from 'node:process'
import { exitCodes, Failure } from '../../src/base/errors.ts'
import { quietly } from '../../src/base/files.ts'
import { componentsVariable, locateComponents, requireComponents } from '../../src/components/components.ts'
import { localComponents } from '../../src/targets/local/binaries.ts'
import { hierarchies } from '../../test/e2e-remote/cgroups.ts'

/** Folders of what runs isolated, all below one. */
export interface Workplace {
  folder: string
  reports: string
  /** Seen as /tmp. */
  temporary: string
  home: string
}

/** The folders of a workplace; nothing is made. */
export function workplaceAt(folder: string): Workplace {
  return { folder, reports: join(folder, 'reports'), temporary: join(folder, 'tmp'), home: join(folder, 'home') }
}

/** `$1` is seen as /tmp, and an empty cgroup `$3` as the root of each hierarchy in `$2`. A kubelet wants an address that is not of a loopback (192.0.2.0/24 is for documentation). Process 1 is a shell, not Node: it reaps whatever loses its parent. */
const inside = `
mount --bind "$1" /tmp && mount -t tmpfs tmpfs /dev/shm && ip link set lo up && ip address add 192.0.2.1/32 dev lo || exit 69
for hierarchy in $2; do mount --bind "$hierarchy/$3" "$hierarchy" || exit 69; done
shift 3
"$@"
exit $?`
const noNamespaces = 69

/**
 * Runs a script of Node as if it had the machine to itself: with processes, mounts, network and /tmp of its own, which end with it. Its last
 * argument is the folder of its workplace, which stays when the script ends with anything but 0. Returns its exit status. Throws
 * `Failure('infrastructure')` where the components, unshare or ip are missing, or namespaces are not allowed.
 */
export async function runIsolated(script: string, args: readonly string[], root: string): Promise<number> {
  const place = locateComponents(localComponents(join(root, 'components')), process.env)
  const components = requireComponents(place)
  // Not below /tmp, which is another one inside.
  const workplace = workplaceAt(mkdtempSync('/var/tmp/scale-test-soak-'))
  for (const folder of [workplace.reports, workplace.temporary, workplace.home]) mkdirSync(folder, { mode: 0o700 })
  const isRoot = process.getuid?.() === 0
  const cgroup = basename(workplace.folder)
  const among = isRoot ? hierarchies().map(({ mountPoint }) => mountPoint) : []
  for (const mountPoint of among) mkdirSync(join(mountPoint, cgroup))
  const child = spawn(
    'unshare',
    [
      ...(isRoot ? [] : ['--user', '--map-root-user']),
      ...['--mount', '--pid', '--net', '--ipc', '--fork', '--kill-child', '--mount-proc'],
      ...[
        'sh',
        '-c',
        inside,
        'sh',
        workplace.temporary,
        among.join(' '),
        cgroup,
        process.execPath,
        script,
        ...args,
        workplace.folder,
      ],
    ],
    {
      stdio: 'inherit',
      env: {
        ...process.env,
        // Debian has these where only root looks.
        PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`,
        TMPDIR: '/tmp',
        HOME: workplace.home,
        [componentsVariable]: components,
      },
    },
  )
  let stopped: NodeJS.Signals | undefined
  // Unshare takes along all that it started, whatever that does about signals.
  const stop = (name: NodeJS.Signals) => {
    stopped = name
    child.kill('SIGKILL')
  }
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, stop)
  let status: number | null | undefined
  try {
    status = ((await once(child, 'exit')) as [number | null])[0]
  } catch (error) {
    throw new Failure('infrastructure', 'unshare cannot be started', { next: 'Install util-linux', cause: error })
  } finally {
    for (const mountPoint of among) quietly(() => rmdirSync(join(mountPoint, cgroup)))
    const hasFindings = status !== 0 && status !== noNamespaces && status !== undefined && stopped === undefined
    if (!hasFindings) rmSync(workplace.folder, { recursive: true, force: true })
  }
  if (stopped !== undefined) return stopped === 'SIGINT' ? exitCodes.interrupted : exitCodes.terminated
  if (status === noNamespaces)
    throw new Failure('infrastructure', 'this machine does not allow namespaces of one’s own, or has no ip', {
      next: 'Run it as root, and install iproute2',
    })
  return status ?? exitCodes.bug
}

/** Whether root in here is root out there, too. */
export function isRealRoot(): boolean {
  return /^ *0 +0 +4294967295$/m.test(readFileSync('/proc/self/uid_map', 'utf8'))
}
