import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterEach, beforeEach } from 'vitest'
import { root } from '../e2e/components.ts'

/** The program with reports in a folder of their own, which each test gets anew. */
export function scaleTestIn(topic: string) {
  const folders = { reports: '' }
  beforeEach(() => {
    folders.reports = mkdtempSync(join(tmpdir(), `scale-test-${topic}-`))
  })
  afterEach(() => {
    rmSync(folders.reports, { recursive: true, force: true })
  })
  return {
    folders,
    scaleTest(...args: string[]) {
      const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'src', 'main.ts'), ...args], {
        encoding: 'utf8',
        env: { ...process.env, SCALE_TEST_REPORTS: folders.reports },
      })
      return { status, output: `${stdout}${stderr}` }
    },
  }
}
