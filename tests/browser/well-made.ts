import { expect } from 'vitest'
import { faultsOn, wcag } from './axe'
import type { Visit } from './portal'

/** Nothing for axe to find in either theme, and nothing wider than the screen. */
export async function expectWellMade({ page }: Pick<Visit, 'page'>): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await page.waitForFunction((theme) => document.documentElement.classList.contains(theme), colorScheme)
    expect(await faultsOn(page, wcag)).toEqual([])
  }
  expect(
    await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth),
  ).toBe(0)
}
