// @ts-check
// `node scripts/screenshots.mjs`: makes the pictures of the documentation anew, from the built server and a fake of
// Authentik. Needs a build and Chromium.
import { mkdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { startAuthentikFake } from '../server/integrations/authentik/fake.ts'
import { launchChromium } from '../tests/harness/chromium.ts'
import { startServer } from '../tests/harness/server.ts'

const folder = fileURLToPath(new URL('../docs/images/', import.meta.url))
const password = 'a picture says more than words'

const authentik = await startAuthentikFake()
const server = await startServer({
  env: { AUTHENTIK_API_URL: authentik.url, AUTHENTIK_API_TOKEN: authentik.token },
})
const browser = await launchChromium()
try {
  const context = await browser.newContext({
    baseURL: server.url,
    viewport: { width: 1280, height: 800 },
    colorScheme: 'light',
    reducedMotion: 'reduce',
    locale: 'en-GB',
    timezoneId: 'UTC',
  })

  /** @param {string} path @param {object} body */
  const post = async (path, body) => {
    const answer = await context.request.post(path, { data: body, headers: { origin: server.url } })
    if (!answer.ok()) throw new Error(`${path} answered ${answer.status()}: ${await answer.text()}`)
  }
  const tenant = { slug: 'harbour', name: 'Harbour Logistics' }
  const owner = { name: 'Ada Lovelace', email: 'ada@example.org', password }
  await post('/api/setup', { ...owner, portalName: 'Northwind Workspace', tenant })
  for (const name of ['Grace Hopper', 'Katherine Johnson']) {
    const email = `${name.split(' ')[0]?.toLowerCase()}@example.org`
    await post('/api/users', { name, email, password })
    await post('/api/tenants/harbour/members', { email })
  }

  const page = await context.newPage()
  await page.goto('/tenants/harbour')
  await page.locator('[data-connection=live]').waitFor()
  await page.locator('[data-service=authentik]').getByText('Done').waitFor()
  await mkdir(folder, { recursive: true })
  await page.screenshot({ path: `${folder}tenant.png` })
} finally {
  await browser.close()
  await server.stop()
  await authentik.stop()
}
