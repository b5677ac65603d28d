import { afterAll, beforeAll, expect, it } from 'vitest'
import { startOcisFake, type OcisFake } from '#server/integrations/ocis/fake'
import { describeSpace } from '#server/integrations/ocis/stamp'
import { CommandLine } from '~~/tests/harness/command-line'
import { describeEachDatabase } from '~~/tests/harness/databases'
import { startPortal, type Portal } from '~~/tests/harness/portal'

describeEachDatabase('tenantry lease, of tokens', (given) => {
  let portal: Portal
  let fake: OcisFake
  let line: CommandLine
  beforeAll(async () => {
    fake = await startOcisFake({ impersonates: true })
    portal = await startPortal(given.url, {
      env: { OCIS_API_URL: fake.url, OCIS_APP_TOKEN: fake.credentials.appToken },
    })
    const operator = await portal.operator()
    const { id } = (await operator.post('/api/tenants', { slug: 'acme', name: 'Acme' })).json
    fake.addDrive({ name: 'Acme', description: describeSpace(id) })
    line = new CommandLine()
    line.onWait = async () => {
      const token = line.shown.at(-1)?.split('/').at(-1)
      await operator.post(`/api/claims/${token}/accept`, { tenant: 'acme', role: 'admin' })
    }
    const where = ['--server', operator.url, '--audience', operator.origin]
    expect((await line.run(['identity', 'init', '--handle', 'borrower', ...where])).code).toBe(0)
  })
  afterAll(async () => {
    line.remove()
    await portal.close()
    await fake.stop()
    expect(fake.violations()).toEqual([])
  })
  const ask = (...more: string[]) => line.run(['lease', 'ask', 'ocis', '--purpose', 'a test', ...more])

  it('has one made at OCIS, and shows it this once, with the username that goes with it', async () => {
    const { code, json } = await ask('--ttl', '60', '--json')
    expect(code).toBe(0)
    const authorization = `Basic ${Buffer.from(`${json.account}:${json.token}`).toString('base64')}`
    expect((await fetch(`${fake.url}/graph/v1.0/me`, { headers: { authorization } })).status).toBe(200)
    const list = await line.run(['lease', 'list'])
    expect(list.text).toContain('ocis')
    expect(list.text).not.toContain(json.token)
    const brief = await ask()
    const [, account] = /of (\S+),/.exec(brief.errors) ?? []
    const again = `Basic ${Buffer.from(`${account}:${brief.text}`).toString('base64')}`
    expect((await fetch(`${fake.url}/graph/v1.0/me`, { headers: { authorization: again } })).status).toBe(200)
  })

  it('says which setting of the server is missing', async () => {
    fake.settings.impersonates = false
    const { code, errors } = await ask()
    expect(code).not.toBe(0)
    expect(errors).toContain('AUTH_APP_ENABLE_IMPERSONATION=true')
  })
})
