import process from 'node:process'
import type { Browser } from 'playwright-core'
import { chromium } from 'playwright-core'
import { describeUnless, isExecutable } from '../requirements.ts'

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const executablePath = [process.env['CHROMIUM'] ?? [], places].flat().find(isExecutable)

/** `describe` for a suite that looks at pages in a browser; where there is none it is skipped, and named. With CI=true that is a failure. */
export function describeWithBrowser(name: string, suite: () => void): void {
  const reasons =
    executablePath === undefined ? [`there is no Chromium in ${places.join(', ')} (CHROMIUM names another place)`] : []
  describeUnless(reasons, 'a browser is', name, suite)
}

/** A browser without a window; whoever opens it closes it. */
export function openBrowser(): Promise<Browser> {
  if (executablePath === undefined) throw new Error('the suite is skipped where there is no browser')
  return chromium.launch({ executablePath, args: ['--no-sandbox'] })
}
