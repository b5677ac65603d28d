import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  createTenant,
  createUser,
  live,
  openPortal,
  operator,
  password,
  setUp,
  type BrowserPortal,
  type Visit,
} from './portal'

let portal: BrowserPortal
let boss: Visit

beforeAll(async () => {
  portal = await openPortal()
  boss = await setUp(portal)
  await createTenant(boss, 'Secret Corporation', 'secret-corporation')
  await createUser(boss, 'Bob Builder', 'bob@example.org')
})
afterAll(() => portal?.close())

const fetchPage = (path: string) =>
  fetch(portal.server.url + path, { redirect: 'manual', headers: { accept: 'text/html' } })

describe('somebody who is not signed in', () => {
  test.each([
    '/account',
    '/tenants/secret-corporation',
    '/tenants/secret-corporation/members?search=a',
    '/tenants/secret-corporation/provisioning',
    '/tenants/secret-corporation/audit',
    '/tenants/secret-corporation/settings',
    '/tenants/unknown',
    '/operator/tenants',
    '/operator/users',
    '/operator/audit',
    '/operator/settings',
  ])('is led from %s to the sign-in page, by the server', async (path) => {
    const answer = await fetchPage(path)
    expect(answer.status).toBe(302)
    const target = new URL(answer.headers.get('location') ?? '', portal.server.url)
    expect([target.pathname, target.searchParams.get('returnTo')]).toEqual(['/login', path])
    expect(await answer.text()).not.toContain('Secret Corporation')
  })

  test('is led from the home to the sign-in page, which says nothing else', async () => {
    expect((await fetchPage('/')).headers.get('location')).toBe('/login')
    const answer = await fetchPage('/login')
    expect(answer.status).toBe(200)
    const html = await answer.text()
    expect(html).toContain('Acme Workspace')
    expect(html).not.toContain('Secret Corporation')
    expect(html).not.toContain(operator.email)
  })

  test('finds no page where there is none', async () => {
    expect((await fetchPage('/nowhere')).status).toBe(404)
  })

  test.each(['//evil.example/', 'https://evil.example/', '/\\evil.example', '/api/me'])(
    'is not led to %s after signing in',
    async (target) => {
      const visit = await portal.visit()
      await visit.open(`/login?returnTo=${encodeURIComponent(target)}`)
      await visit.page.getByLabel('E-mail address').fill(operator.email)
      await visit.page.getByLabel('Password', { exact: true }).fill(password)
      await visit.page.getByRole('button', { name: 'Sign in', exact: true }).click()
      await visit.page.getByRole('heading', { name: /Hello/ }).waitFor()
      expect(visit.page.url()).toBe(`${portal.server.url}/`)
    },
  )
})

describe('somebody else’s tenant', () => {
  test('can’t be told from one that does not exist', async () => {
    const bob = await portal.visit()
    await bob.signIn('bob@example.org')
    const seen = []
    for (const path of [
      '/tenants/secret-corporation',
      '/tenants/unknown',
      '/tenants/secret-corporation/members',
    ]) {
      const status = await bob.open(path)
      seen.push({ status, text: (await bob.page.locator('main').innerText()).replace(/Request .*/, '') })
    }
    expect(seen[0]?.status).toBe(404)
    expect(seen[0]?.text).toContain('There is nothing here')
    expect(seen[1]).toEqual(seen[0])
    expect(seen[2]).toEqual(seen[0])
  })
})

describe('an operator’s page', () => {
  test.each([
    ...['/operator/board', '/operator/board/comparisons', '/operator/tenants', '/operator/users'],
    ...['/operator/audit', '/operator/settings'],
  ])('%s opens for nobody else', async (path) => {
    const bob = await portal.visit()
    await bob.signIn('bob@example.org')
    expect(await bob.open(path)).toBe(403)
    expect(await bob.page.content()).not.toContain('Secret Corporation')
  })
})

describe('after signing out', () => {
  test('nothing of the session is left: not here, not by going back, not in another tab', async () => {
    const visit = await portal.visit()
    await visit.signIn(operator.email)
    await visit.open('/account')
    await visit.open('/tenants/secret-corporation')
    const tab = await visit.context.newPage()
    await tab.goto('/account')
    await live(tab)

    await visit.page.getByRole('button', { name: /Account menu/ }).click()
    await visit.page.getByRole('menuitem', { name: 'Sign out' }).click()
    await visit.page.waitForURL('**/login')
    await tab.waitForURL('**/login')
    await live(visit.page)
    for (const page of [visit.page, tab]) {
      expect(await page.content()).not.toContain('Secret Corporation')
      expect(await page.content()).not.toContain(operator.email)
    }
    await visit.page.goBack()
    await visit.page.waitForURL((url) => url.pathname === '/login')
    expect(await visit.page.content()).not.toContain('Secret Corporation')
    expect(
      await visit.page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage })),
    ).not.toContain('ada@')
  })
})

describe('the theme', () => {
  test.each([
    { system: 'dark', chosen: undefined, shown: 'dark' },
    { system: 'light', chosen: undefined, shown: 'light' },
    { system: 'light', chosen: 'dark', shown: 'dark' },
    { system: 'dark', chosen: 'light', shown: 'light' },
  ] as const)(
    'is $shown in the first paint (system $system, chosen $chosen)',
    async ({ system, chosen, shown }) => {
      const visit = await portal.visit({ colorScheme: system })
      await visit.signIn(operator.email)
      if (chosen) {
        await visit.open('/')
        await visit.page.getByRole('button', { name: 'Theme' }).click()
        await visit.page.getByRole('menuitemcheckbox', { name: chosen === 'dark' ? 'Dark' : 'Light' }).click()
      }
      // What is painted before the portal's own scripts run is what stands without them.
      await visit.page.route('**/_nuxt/**', (route) =>
        route.request().resourceType() === 'script' ? route.abort() : route.continue(),
      )
      await visit.page.goto('/tenants/secret-corporation')
      expect(await visit.page.evaluate(() => document.documentElement.classList.contains('dark'))).toBe(
        shown === 'dark',
      )
      const lightness = await visit.page.evaluate(() => {
        const canvas = document.createElement('canvas').getContext('2d')
        if (!canvas) throw new Error('no canvas')
        canvas.fillStyle = getComputedStyle(document.body).backgroundColor
        canvas.fillRect(0, 0, 1, 1)
        return canvas.getImageData(0, 0, 1, 1).data[0]
      })
      expect(lightness).toBeGreaterThanOrEqual(shown === 'dark' ? 0 : 200)
      expect(lightness).toBeLessThanOrEqual(shown === 'dark' ? 50 : 255)
      // The page is whole without scripts: what is protected was decided on the server.
      await visit.page.getByRole('heading', { name: 'Secret Corporation' }).waitFor()
    },
  )
})
