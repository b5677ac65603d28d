// @ts-check
// `node scripts/screenshots.mjs`: makes the pictures of the documentation anew, from the built server and the fault
// lab's services. Needs a build and Chromium.
import { mkdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { launchChromium } from '../tests/harness/chromium.ts'
import { startServer } from '../tests/harness/server.ts'
import { startLabPage } from './lab/server.ts'
import { startServices } from './lab/services.ts'

const folder = fileURLToPath(new URL('../docs/images/', import.meta.url))
const password = 'a picture says more than words'

const lab = await startServices({ port: 0, stalwart: 'jmap', files: 'ocis', delayMs: 0 })
const labPage = await startLabPage(lab.services, 0)
const server = await startServer({ env: lab.environment })
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

  /** @param {string} method @param {string} path @param {object} [body] */
  const call = async (method, path, body) => {
    const answer = await context.request.fetch(path, { method, data: body, headers: { origin: server.url } })
    if (!answer.ok()) throw new Error(`${path} answered ${answer.status()}: ${await answer.text()}`)
    return answer.status() === 204 ? undefined : answer.json()
  }
  /** @param {string} slug */
  const settled = async (slug) => {
    for (let isSettled = false; !isSettled;) {
      const { status, steps } = await call('GET', `/api/tenants/${slug}/provisioning`)
      isSettled = status === 'active' && steps.every((/** @type {any} */ step) => step.status === 'ok')
    }
  }

  const people = ['Ada Lovelace', 'Grace Hopper', 'Katherine Johnson']
  const emailOf = (/** @type {string} */ name) => `${name.split(' ')[0]?.toLowerCase()}@example.org`
  const tenant = { slug: 'harbour', name: 'Harbour Logistics' }
  const owner = { name: 'Ada Lovelace', email: 'ada@example.org', password }
  await call('POST', '/api/setup', { ...owner, portalName: 'Northwind Workspace', tenant })
  for (const name of people) {
    lab.fakes.files.addUser({ mail: emailOf(name), displayName: name })
    if (name === owner.name) continue
    await call('POST', '/api/users', { name, email: emailOf(name), password })
    await call('POST', '/api/tenants/harbour/members', { email: emailOf(name) })
  }
  const { challenge } = await call('POST', '/api/tenants/harbour/domains', { name: 'harbour.example' })
  lab.fakes.names.setText(challenge.name, challenge.value)
  await call('POST', '/api/tenants/harbour/domains/harbour.example/verify')
  await settled('harbour')

  const page = await context.newPage()
  await mkdir(folder, { recursive: true })
  await page.goto('/tenants/harbour')
  await page.locator('[data-connection=live]').waitFor()
  await page.locator('[data-service=authentik]').getByText('Done').first().waitFor()
  await page.screenshot({ path: `${folder}tenant.png` })

  await call('POST', '/api/tenants', { slug: 'foundry', name: 'Foundry & Sons' })
  await settled('foundry')
  lab.fakes.stalwart.removeAccount('grace@harbour.example')
  const drive = lab.fakes.files.drives().find(({ name }) => name === tenant.name)
  lab.fakes.files.changeDrive(drive?.id ?? '', { name: 'Renamed by hand' })
  await call('POST', '/api/operator/sweep')
  await page.goto('/operator/board')
  await page.locator('[data-sweep=done]').waitFor()
  await page.locator('[data-drift]').nth(1).waitFor()
  await page.screenshot({ path: `${folder}board.png` })

  lab.fakes.files.faults.add({ kind: 'drop', when: 'after', times: 3 })
  await page.goto(`${labPage.url}/#files`)
  await page.screenshot({ path: `${folder}fault-lab.png` })
} finally {
  await browser.close()
  await server.stop()
  await labPage.stop()
  await lab.stop()
}
