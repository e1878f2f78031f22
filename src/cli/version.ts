import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { z } from 'zod'
import { readTextFile } from '../base/files.ts'

/** The version in package.json. */
export function programVersion(root: string): string {
  const { version } = z.object({ version: z.string() }).parse(JSON.parse(readTextFile(join(root, 'package.json'))))
  return version
}

/** The version and, in a checkout, the commit: `0.1.0 (commit 3cad767d2af4, with changes)`. */
export function describeVersion(root: string): string {
  const version = programVersion(root)
  const commit = git(root, 'rev-parse', '--short=12', 'HEAD')
  if (commit === undefined) return version
  const changes = git(root, 'status', '--porcelain', '--untracked-files=no') === '' ? '' : ', with changes'
  return `${version} (commit ${commit}${changes})`
}

/** What git says of the checkout in a folder; undefined where there is none, or no git. */
function git(root: string, ...args: string[]): string | undefined {
  // By its name: in a folder below somebody else's checkout, git would tell of that.
  const { status, stdout } = spawnSync('git', [`--git-dir=${join(root, '.git')}`, `--work-tree=${root}`, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  return status === 0 ? stdout.trim() : undefined
}
