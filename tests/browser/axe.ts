import axe, { type AxeResults, type RunOptions } from 'axe-core'
import type { Page } from 'playwright-core'

/** WCAG 2.2, levels A and AA, without axe's own advice. */
export const wcag = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']
/** Those of its rules that are about colours: all that a theme can change. */
const wcagOfColours = axe
  .getRules(['cat.color'])
  .filter(({ tags }) => tags.some((tag) => wcag.includes(tag)))
  .map(({ ruleId }) => ruleId)
const themes = ['light', 'dark'] as const
export type Theme = (typeof themes)[number]

/**
 * What axe finds on a page, each with the elements that it is about. It is put into the page once, and works there: a
 * builder that puts it in anew for every look takes four times as long.
 *
 * @param rules tags, or rules by their ids; all of axe's where none are named
 */
export async function faultsOn(page: Page, rules?: string[]) {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe.source)
  const options: RunOptions = { resultTypes: ['violations'], ...(rules && { runOnly: rules }) }
  const { violations } = await page.evaluate(
    (given) => (window as unknown as { axe: { run(o: RunOptions): Promise<AxeResults> } }).axe.run(given),
    options,
  )
  return violations.map(({ id, nodes }) => ({
    id,
    at: nodes.map(({ html, failureSummary }) => ({ html, failureSummary })),
  }))
}

/** What axe finds in either theme, by WCAG: all of it in the page's own, and in the other what colours can break. */
export async function faultsInThemes(page: Page, order: readonly Theme[] = themes) {
  const faults = []
  for (const [turn, colorScheme] of order.entries()) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await page.waitForFunction((theme) => document.documentElement.classList.contains(theme), colorScheme)
    const found = await faultsOn(page, turn === 0 ? wcag : wcagOfColours)
    faults.push(...found.map((fault) => ({ colorScheme, ...fault })))
  }
  return faults
}
