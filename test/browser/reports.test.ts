import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { htmlOf, viewFor } from '../../src/testing/reports.ts'
import { describeWithBrowser, openBrowser } from './browser.ts'
import { cutOnPaper, deadLinks, lowerEndsOf, openFolds, overflow } from './in-page.ts'
import { makePages, measured } from './pages.ts'

/** Screenshots and PDFs stay here, for people and as artefacts of a pipeline. */
const shots = join(import.meta.dirname, '..', '..', 'reports', 'screenshots')
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
/** Colours do not change where things are. */
const screens = [
  { width: 360, colorScheme: 'dark' },
  { width: 768, colorScheme: 'light' },
  { width: 1440, colorScheme: 'light' },
] as const
/** Made by `makePages`. */
const names = ['pass', 'repeated', 'filled', 'fail', 'inconclusive', 'partial', 'simulated-5k', 'seven-arms', 'what-if']
const mostBytes = 2e6

describeWithBrowser('reports in a browser', () => {
  let browser: Browser
  let pages: Record<string, string>
  const pageOf = (name: string): string => {
    const html = pages[name]
    if (html === undefined) throw new Error(`no page ${name}`)
    return html
  }

  beforeAll(async () => {
    rmSync(shots, { recursive: true, force: true })
    mkdirSync(shots, { recursive: true })
    const folder = mkdtempSync(join(tmpdir(), 'scale-test-pages-'))
    try {
      pages = makePages(folder)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
    browser = await openBrowser()
  }, 300_000)
  afterAll(() => browser?.close())

  it.each(names)('should fit, be accessible and be silent on every screen: %s', { timeout: 600_000 }, async (name) => {
    const html = pageOf(name)
    expect(html.length).toBeLessThan(mostBytes)
    for (const { width, colorScheme } of screens) {
      const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme })
      try {
        const page = await context.newPage()
        const seen = await opened(page, html)
        await page.screenshot({ path: join(shots, `${name}-${width}-${colorScheme}.png`) })
        await page.evaluate(openFolds)
        expect({ width, overflow: await page.evaluate(overflow) }).toEqual({ width, overflow: [] })
        // It takes seconds with everything open: once light and once dark, wide and narrow.
        if (width !== 768) expect(await seriousIn(page)).toEqual([])
        expect(seen).toEqual([])
      } finally {
        await context.close()
      }
    }
  })

  it.each(names)('should lose nothing on paper: %s', async (name) => {
    // A4 between margins.
    const context = await browser.newContext({ viewport: { width: 718, height: 1040 } })
    try {
      const page = await context.newPage()
      await opened(page, pageOf(name))
      await page.emulateMedia({ media: 'print' })
      expect(await page.evaluate(cutOnPaper)).toEqual([])
      writeFileSync(join(shots, `${name}.pdf`), await page.pdf({ format: 'A4' }))
    } finally {
      await context.close()
    }
  })

  it('should have verdict, ratio, cause and number of runs on the first screen', async () => {
    for (const [width, height] of [
      [1440, 900],
      [360, 780],
    ] as const) {
      const context = await browser.newContext({ viewport: { width, height } })
      try {
        const page = await context.newPage()
        await opened(page, htmlOf(measured))
        const [headline] = viewFor(measured).headlines
        const bottoms: (number | null)[] = await page.evaluate(
          lowerEndsOf(['.verdict > p', '.headlines li:first-child', '.basis']),
        )
        expect(headline?.claim).toMatch(/faster/)
        for (const bottom of bottoms) expect(bottom ?? Number.NaN).toBeLessThanOrEqual(height)
      } finally {
        await context.close()
      }
    }
  })

  it('should link its contents to its sections', async () => {
    const page = await browser.newPage()
    await opened(page, htmlOf(measured))
    expect(await page.evaluate(deadLinks)).toEqual([])
    await page.close()
  })
})

/** Shows the page; returns what it says to the console and asks of the network, as that goes on. */
async function opened(page: Page, html: string): Promise<string[]> {
  const seen: string[] = []
  page.on('console', (message) => seen.push(`console: ${message.text()}`))
  page.on('pageerror', (error) => seen.push(`error: ${error.message}`))
  page.on('request', (request) => seen.push(`request: ${request.url()}`))
  await page.setContent(html)
  return seen
}

/** What axe calls serious or critical; it is evaluated, as the page's own policy forbids scripts. */
async function seriousIn(page: Page): Promise<string[]> {
  await page.evaluate(axe)
  const { violations }: AxeResults = await page.evaluate('axe.run(document)')
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 160)}`)
}

interface AxeResults {
  violations: { id: string; impact: string | null; nodes: { html: string }[] }[]
}
