import type { BrowserContextOptions } from 'playwright-core'
import { afterAll, beforeAll, describe, test } from 'vitest'
import type { Theme } from './axe'
import { furnishedPortal, operatorPages, publicPages } from './pages'
import { expectNoViolation, noteViolations } from './policy'
import { operator, type BrowserPortal, type Visit } from './portal'
import { expectAccessible, expectToFit } from './well-made'

const screens: {
  what: string
  options: BrowserContextOptions
  /** The one that it is opened in comes first: what a page does as it begins is seen in both. */
  themes: [Theme, Theme]
}[] = [
  { what: 'a wide screen', options: { viewport: { width: 1280, height: 800 } }, themes: ['light', 'dark'] },
  {
    what: 'a telephone of 360 px',
    options: { viewport: { width: 360, height: 700 }, hasTouch: true, isMobile: true },
    themes: ['dark', 'light'],
  },
]

let portal: BrowserPortal

beforeAll(async () => {
  ;({ portal } = await furnishedPortal())
})
afterAll(() => portal?.close())

describe.each(screens)('on $what', ({ options, themes }) => {
  let boss: Watched
  let nobody: Watched
  beforeAll(async () => {
    boss = await watched()
    await boss.visit.signIn(operator.email)
    nobody = await watched()
  })

  interface Watched {
    visit: Visit
    violations: readonly string[]
  }
  async function watched(): Promise<Watched> {
    const visit = await portal.visit({ ...options, colorScheme: themes[0] })
    return { visit, violations: await noteViolations(visit) }
  }

  async function expectWellMade(
    { visit, violations }: Watched,
    { path, shows }: { path: string; shows: string },
  ) {
    const { page } = visit
    await page.emulateMedia({ colorScheme: themes[0], reducedMotion: 'reduce' })
    await visit.open(path)
    await page.getByText(shows).first().waitFor()
    expectNoViolation(visit, violations)
    await expectToFit(page)
    await expectAccessible(page, themes)
  }

  test.each(operatorPages)('$path is whole, accessible and within its policy', (page) =>
    expectWellMade(boss, page),
  )
  test.each(publicPages)('$path is so without a session', (page) => expectWellMade(nobody, page))
})
