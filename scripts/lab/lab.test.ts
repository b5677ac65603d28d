import { request } from 'node:http'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startLabPage, type LabPage } from './server'
import { startServices, type Lab } from './services'

describe.each([
  { stalwart: 'jmap', files: 'ocis', token: undefined },
  { stalwart: 'rest', files: 'opencloud', token: 'a-token' },
] as const)('the fault lab with $stalwart and $files', (kinds) => {
  let lab: Lab
  let page: LabPage
  beforeAll(async () => {
    lab = await startServices({ ...kinds, port: 0, delayMs: 0 })
    page = await startLabPage(lab.services, 0)
  })
  beforeEach(() => lab.services.forEach((service) => service.reset?.()))
  afterAll(async () => {
    await page?.stop()
    await lab?.stop()
  })

  const read = async () => (await fetch(page.url)).text()
  const post = (path: string, form: Record<string, string> = {}, origin = page.url) =>
    fetch(page.url + path, {
      method: 'POST',
      headers: { origin },
      body: new URLSearchParams(form),
      redirect: 'manual',
    })
  const stateAt = async (name: string) => {
    const service = lab.services.find((it) => it.name === name)
    return (await (await fetch(`${service?.url}/-/state`)).json()) as Record<string, unknown>
  }

  it.each(['authentik', 'stalwart', 'files'])('turns the faults of %s, and takes them back', async (name) => {
    for (const preset of [
      ...['slow', 'cut', 'refused', 'limited', 'broken', 'html', 'strange'],
      ...['half', 'open', 'silent', 'token'],
    ]) {
      expect((await post(`/${name}/faults`, { preset, times: '3', operation: '' })).status).toBe(303)
      expect((await stateAt(name)).faults).toMatchObject([{ times: 3 }])
      expect(await read()).toContain('from now on')
      await post(`/${name}/heal`)
      expect((await stateAt(name)).faults).toEqual([])
    }
  })

  it('says what can’t be done, and does nothing', async () => {
    for (const [path, form] of [
      ['/authentik/faults', { preset: 'nonsense', times: '1' }],
      ['/authentik/faults', { preset: 'slow', times: '1', operation: 'nonsense' }],
      ['/authentik/by-hand/nonsense', {}],
      ['/stalwart/by-hand/remove-account', { email: 'nobody@example.org' }],
      ['/stalwart/by-hand/add-domain', { name: '' }],
    ] as const) {
      await post(path, form)
      expect(await read()).toContain('said wrong')
    }
    expect((await stateAt('authentik')).faults).toEqual([])
  })

  it('shows what is there and changes it by hand, and shows nothing of it as HTML', async () => {
    await post('/authentik/by-hand/add-group', { name: '<b>acme</b>' })
    await post('/stalwart/by-hand/add-domain', { name: 'acme.example' })
    await post('/stalwart/by-hand/add-account', { email: 'ada@acme.example' })
    await post('/stalwart/by-hand/lock-account', { email: 'ada@acme.example' })
    await post('/files/by-hand/add-space', { name: 'Acme' })
    const [space] = (await stateAt('files')).drives as { id: string }[]
    await post('/files/by-hand/quota', { id: space?.id ?? '', gibibytes: '2' })
    const text = await read()
    expect(text).toContain('&#60;b&#62;acme&#60;/b&#62;')
    expect(text).not.toContain('<b>')
    expect(await stateAt('stalwart')).toMatchObject({ accounts: [{ canSignIn: false }] })
    expect(await stateAt('files')).toMatchObject({ drives: [{ total: 2 * 2 ** 30 }] })
    await post('/stalwart/reset')
    expect(await stateAt('stalwart')).toMatchObject({ accounts: [], domains: [] })
  })

  it('is of no use to pages of other origins, nor by another name', async () => {
    const attack = await post('/authentik/by-hand/add-group', { name: 'acme' }, 'http://evil.example')
    expect(attack.status).toBe(403)
    expect((await fetch(`${page.url}/authentik/reset`, { method: 'POST' })).status).toBe(403)
    expect(await stateAt('authentik')).toMatchObject({ groups: [] })
    const rebound = await new Promise((resolve, reject) =>
      request(page.url, { headers: { host: 'evil.example' } }, (answer) => resolve(answer.statusCode))
        .on('error', reject)
        .end(),
    )
    expect(rebound).toBe(421)
  })

  it('allows itself nothing from elsewhere', async () => {
    const { headers } = await fetch(page.url)
    expect(headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(await read()).not.toMatch(/<script|https:|\bsrc=/)
  })
})
