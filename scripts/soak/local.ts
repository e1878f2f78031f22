import { join } from 'node:path'
import { start } from '../../test/cases/run.ts'
import type { Workplace } from './isolated.ts'
import { isRealRoot } from './isolated.ts'
import type { Ground } from './kills.ts'
import { readMachine } from './machine.ts'

/** What npm gives Node. */
export const nodeOptions = ['--min-semi-space-size=32', '--max-semi-space-size=32', '--max-old-space-size=2000']

/** Runs on this machine, of which this process sees what its namespaces have. */
export function localGround({ reports, temporary, home, folder }: Workplace, root: string): Ground {
  const env = { SCALE_TEST_REPORTS: reports }
  // A file system in a file takes root, even where somebody is root in a namespace only.
  const disk = isRealRoot() ? [] : ['--set', 'controlPlane.etcd.walDisk=/dev/shm']
  return {
    reports,
    // The reaper kills for at most 5 s, and then unmounts; on a busy machine, its own end takes seconds.
    patienceMs: 30_000,
    run: ['run', join(import.meta.dirname, 'plan.yaml'), ...disk],
    cleanup: (runId) => (runId === undefined ? ['cleanup'] : ['cleanup', '--run', runId]),
    start(args) {
      const { child, said, status } = start({ args, env, node: nodeOptions, cwd: root })
      return { kill: () => child.kill('SIGKILL'), ended: status(), said }
    },
    state: async (runFolder) =>
      readMachine({
        folders: [folder, '/tmp', '/dev/shm'],
        ignored: [
          temporary,
          join(home, '.cache'),
          join(reports, 'index.html'),
          ...(runFolder === undefined ? [] : [runFolder]),
        ],
      }),
  }
}
