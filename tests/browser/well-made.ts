import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { faultsInThemes, type Theme } from './axe'

/** Nothing for axe to find in either theme. They change without a reload. */
export async function expectAccessible(page: Page, order?: readonly Theme[]): Promise<void> {
  expect(await faultsInThemes(page, order)).toEqual([])
}

/** Nothing is wider than the screen, and no control lies outside of it, or of what cuts off what it holds. */
export async function expectToFit(page: Page): Promise<void> {
  const { overflow, outside } = await page.evaluate(() => {
    const root = document.documentElement
    const controls = [
      ...document.querySelectorAll<HTMLElement>('main a, main button, main input, header a, header button'),
    ]
    const scrolls = (element: HTMLElement) => Boolean(element.closest('nav ul'))
    const edgeOf = (element: HTMLElement): number => {
      for (let around = element.parentElement; around; around = around.parentElement)
        if (['hidden', 'clip'].includes(getComputedStyle(around).overflowX))
          return Math.min(around.getBoundingClientRect().right, root.clientWidth)
      return root.clientWidth
    }
    return {
      overflow: root.scrollWidth - root.clientWidth,
      outside: controls
        .filter((control) => control.checkVisibility() && !scrolls(control) && !control.closest('.sr-only'))
        .filter((control) => control.getBoundingClientRect().right > edgeOf(control) + 1)
        .map((control) => control.outerHTML),
    }
  })
  expect({ overflow, outside }).toEqual({ overflow: 0, outside: [] })
}

/** Accessible in either theme, and as wide as the screen. */
export async function expectWellMade({ page }: { page: Page }): Promise<void> {
  await expectAccessible(page)
  await expectToFit(page)
}
