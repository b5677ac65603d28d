import { request } from 'node:http'
import { createTransport } from 'nodemailer'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createResolver } from '#server/integrations/dns/client'
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
      const [, label = 'nothing'] = /from now on, (.*?)\.<\/p>/.exec(await read()) ?? []
      if (preset !== 'slow') expect(await read()).toContain(`<li>the next 3 calls: ${label}</li>`)
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

  it('publishes what the mail server says, differs where it is told to, and publishes what it is given', async () => {
    const { lookUp } = createResolver({ server: lab.environment.DNS_RESOLVER, timeoutMs: 1_000 })
    const none = { kind: 'none' }
    expect(await lookUp('acme.example', 'MX')).toEqual(none)
    await post('/stalwart/by-hand/add-domain', { name: 'acme.example' })
    await post('/dns/by-hand/publish', { name: '_challenge.acme.example', value: 'x'.repeat(300) })
    const published = async () => ({
      mx: await lookUp('acme.example', 'MX'),
      spf: await lookUp('acme.example', 'TXT'),
      srv: await lookUp('_imaps._tcp.acme.example', 'SRV'),
      autoconfig: await lookUp('autoconfig.acme.example', 'CNAME'),
      challenge: await lookUp('_challenge.acme.example', 'TXT'),
    })
    const wanted = {
      mx: { kind: 'found', values: ['10 mx.mail.example'] },
      spf: { kind: 'found', values: ['v=spf1 mx -all'] },
      srv: { kind: 'found', values: ['0 1 993 mx.mail.example'] },
      autoconfig: { kind: 'found', values: ['mx.mail.example'] },
      challenge: { kind: 'found', values: ['x'.repeat(300)] },
    }
    expect(await published()).toEqual(wanted)
    const differ = (way: string) => post('/dns/by-hand/differ', { domain: 'acme.example', way })
    await differ('elsewhere')
    expect(await published()).toEqual({
      ...wanted,
      mx: { kind: 'found', values: ['10 mx.elsewhere.example'] },
    })
    await differ('nothing')
    expect(await published()).toMatchObject({ mx: none, spf: none, challenge: wanted.challenge })
    await differ('right')
    expect(await published()).toEqual(wanted)
    await post('/dns/by-hand/behave', { name: '', how: 'failed' })
    expect(await published()).toMatchObject({ mx: { kind: 'failed' }, challenge: { kind: 'failed' } })
    await post('/dns/by-hand/behave', { name: '', how: 'well' })
    await post('/dns/by-hand/withdraw', { index: '0' })
    expect(await published()).toEqual({ ...wanted, challenge: none })
  })

  it('changes groups by hand, and refuses mails', async () => {
    await post('/authentik/by-hand/add-group', { name: 'acme' })
    const [group] = (await stateAt('authentik')).groups as { pk: string }[]
    await post('/authentik/by-hand/rename-group', { pk: group?.pk ?? '', name: 'renamed' })
    expect(await stateAt('authentik')).toMatchObject({ groups: [{ name: 'renamed' }] })
    await post('/authentik/by-hand/remove-group', { pk: group?.pk ?? '' })
    expect(await stateAt('authentik')).toMatchObject({ groups: [] })
    const mailer = createTransport(lab.environment.SMTP_URL)
    const send = () => mailer.sendMail({ from: 'a@example.org', to: 'b@example.org', text: 'Hello' })
    await post('/mail/by-hand/answer', { code: '550' })
    await expect(send()).rejects.toMatchObject({ responseCode: 550 })
    await post('/mail/by-hand/answer', { code: '250' })
    await send()
    expect(await read()).toContain('Hello')
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
