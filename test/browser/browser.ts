import { accessSync, constants } from 'node:fs'
import process from 'node:process'
import type { Browser } from 'playwright-core'
import { chromium } from 'playwright-core'
import { describe } from 'vitest'

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const executablePath = [process.env['CHROMIUM'] ?? [], places].flat().find(isExecutable)

/** `describe` for a suite that looks at pages in a browser; where there is none it is skipped, and named. With CI=true that is a failure. */
export function describeWithBrowser(name: string, suite: () => void): void {
  if (executablePath === undefined) {
    const reason = `there is no Chromium in ${places.join(', ')} (CHROMIUM names another place)`
    if (process.env['CI'] === 'true') throw new Error(`${name}: a browser is required in CI; ${reason}`)
    process.stderr.write(`\nSKIPPED: ${name}, because ${reason}\n`)
  }
  describe.skipIf(executablePath === undefined)(name, suite)
}

/** A browser without a window; whoever opens it closes it. */
export function openBrowser(): Promise<Browser> {
  if (executablePath === undefined) throw new Error('the suite is skipped where there is no browser')
  return chromium.launch({ executablePath, args: ['--no-sandbox'] })
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
