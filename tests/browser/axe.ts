import axe, { type AxeResults, type RunOptions } from 'axe-core'
import type { Page } from 'playwright-core'

/** WCAG 2.2, levels A and AA, without axe's own advice. */
export const wcag = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']
const themes = ['light', 'dark'] as const
export type Theme = (typeof themes)[number]

/**
 * What axe finds on a page, each with the elements that it is about. It is put into the page once, and works there: a
 * builder that puts it in anew for every look takes four times as long.
 *
 * @param tags of the rules to hold it against; all of axe's where none are named
 */
export async function faultsOn(page: Page, tags?: string[]) {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe.source)
  const options: RunOptions = { resultTypes: ['violations'], ...(tags && { runOnly: tags }) }
  const { violations } = await page.evaluate(
    (given) => (window as unknown as { axe: { run(o: RunOptions): Promise<AxeResults> } }).axe.run(given),
    options,
  )
  return violations.map(({ id, nodes }) => ({
    id,
    at: nodes.map(({ html, failureSummary }) => ({ html, failureSummary })),
  }))
}

/** What axe finds by WCAG in either theme, in this order; they change without a reload. */
export async function faultsInThemes(page: Page, order: readonly Theme[] = themes) {
  const faults = []
  for (const colorScheme of order) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await page.waitForFunction((theme) => document.documentElement.classList.contains(theme), colorScheme)
    faults.push(...(await faultsOn(page, wcag)).map((fault) => ({ colorScheme, ...fault })))
  }
  return faults
}
