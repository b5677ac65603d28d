import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { furnishedPortal, operatorPages, publicPages } from './pages'
import { operator, type BrowserPortal, type Visit } from './portal'

let portal: BrowserPortal
const violations: string[] = []

/** A browser that notes whatever the policy of a page refuses. */
async function watchedVisit(): Promise<Visit> {
  const visit = await portal.visit()
  await visit.context.exposeFunction('noteViolation', (words: string) => violations.push(words))
  await visit.context.addInitScript(() => {
    const { noteViolation } = window as unknown as { noteViolation(words: string): void }
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sourceFile }) =>
      noteViolation(`${location.pathname}: ${violatedDirective} ${blockedURI} ${sourceFile}`),
    )
  })
  return visit
}

beforeAll(async () => {
  ;({ portal } = await furnishedPortal())
})
afterAll(() => portal?.close())

/** A policy that the browser does not understand is told on its console alone. */
const expectNoPolicyIn = (complaints: string[]) =>
  expect(complaints.filter((words) => /policy|directive|refused/i.test(words))).toEqual([])

async function expectNoViolation(visit: Visit, { path, shows }: { path: string; shows: string }) {
  for (const colorScheme of ['light', 'dark'] as const) {
    await visit.page.emulateMedia({ colorScheme })
    await visit.open(path)
    await visit.page.getByText(shows).first().waitFor()
  }
  expect(violations).toEqual([])
  expectNoPolicyIn(visit.complaints)
}

describe('no page asks for what its policy refuses, light or dark', () => {
  let boss: Visit
  let nobody: Visit
  beforeAll(async () => {
    boss = await watchedVisit()
    await boss.signIn(operator.email)
    nobody = await watchedVisit()
  })

  test.each(operatorPages)('$path', (page) => expectNoViolation(boss, page))
  test.each(publicPages)('$path without a session', (page) => expectNoViolation(nobody, page))

  test('what opens: dialogs, menus, the command palette', async () => {
    await boss.open('/tenants/acme/members')
    await boss.page.getByRole('button', { name: 'Theme' }).click()
    await boss.page.getByRole('menu').waitFor()
    await boss.page.keyboard.press('Escape')
    await boss.page.keyboard.press('Control+k')
    await boss.page.getByRole('option', { name: 'Account' }).waitFor()
    await boss.page.getByRole('option', { name: 'Account' }).click()
    await boss.page.getByText('Sessions').first().waitFor()
    expect(violations).toEqual([])
    expectNoPolicyIn(boss.complaints)
  })
})

describe('the policy of a page', () => {
  test('gives each answer another nonce, which every script has', async () => {
    const nobody = await portal.visit()
    const nonces = new Set<string>()
    for (let round = 0; round < 2; round++) {
      const answer = await nobody.page.goto('/login')
      const policy = answer?.headers()['content-security-policy'] ?? ''
      const nonce = /script-src 'nonce-([\w+/=-]{16,})' 'strict-dynamic';/.exec(policy)?.[1] ?? ''
      nonces.add(nonce)
      const html = (await answer?.text()) ?? ''
      const scripts = html.match(/<script\b[^>]*>/g) ?? []
      expect(scripts.length).toBeGreaterThan(1)
      for (const script of scripts) expect(script).toContain(`nonce="${nonce}"`)
    }
    expect(nonces.size).toBe(2)
  })

  test('runs nothing that found its way into a page', async () => {
    const victim = await watchedVisit()
    await victim.open('/login')
    await victim.page.evaluate(() => {
      document.body.insertAdjacentHTML('beforeend', '<img src="/none" onerror="window.taken = true">')
      const frame = document.createElement('iframe')
      frame.src = '/login'
      document.body.append(frame)
    })
    const wanted = ['script-src-attr', 'frame-src']
    await expect
      .poll(() => wanted.filter((directive) => violations.some((words) => words.includes(directive))))
      .toEqual(wanted)
    expect(await victim.page.evaluate(() => 'taken' in window)).toBe(false)
    violations.length = 0
  })
})
