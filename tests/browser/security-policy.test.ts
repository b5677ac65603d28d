import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { furnishedPortal } from './pages'
import { expectNoViolation, noteViolations } from './policy'
import { operator, type BrowserPortal } from './portal'

let portal: BrowserPortal

beforeAll(async () => {
  ;({ portal } = await furnishedPortal())
})
afterAll(() => portal?.close())

test('what opens asks for nothing that the policy refuses: dialogs, menus, the command palette', async () => {
  const boss = await portal.visit()
  const violations = await noteViolations(boss)
  await boss.signIn(operator.email)
  await boss.open('/tenants/acme/members')
  await boss.page.getByRole('button', { name: 'Theme' }).click()
  await boss.page.getByRole('menu').waitFor()
  await boss.page.keyboard.press('Escape')
  await boss.page.keyboard.press('Control+k')
  await boss.page.getByRole('option', { name: 'Account' }).waitFor()
  await boss.page.getByRole('option', { name: 'Account' }).click()
  await boss.page.getByText('Sessions').first().waitFor()
  expectNoViolation(boss, violations)
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
    const victim = await portal.visit()
    const violations = await noteViolations(victim)
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
  })
})
