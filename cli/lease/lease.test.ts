import { afterAll, beforeAll, expect, it } from 'vitest'
import { startAuthentikFake, type AuthentikFake } from '#server/integrations/authentik/fake'
import { CommandLine } from '~~/tests/harness/command-line'
import { describeEachDatabase } from '~~/tests/harness/databases'
import { startPortal, type Portal } from '~~/tests/harness/portal'

describeEachDatabase('tenantry lease', (given) => {
  let authentik: AuthentikFake
  let portal: Portal
  let line: CommandLine
  beforeAll(async () => {
    authentik = await startAuthentikFake()
    const env = {
      ...{ AUTHENTIK_API_URL: authentik.url, AUTHENTIK_API_TOKEN: authentik.token },
      AUTHENTIK_PUBLIC_URL: 'https://id.example.org',
    }
    portal = await startPortal(given.url, { env })
    const operator = await portal.operator()
    const { id: tenantId } = (await operator.post('/api/tenants', { slug: 'acme', name: 'Acme' })).json
    authentik.addGroup({ name: 'acme', attributes: { tenantId, slug: 'acme' } })
    line = new CommandLine()
    line.onWait = async () => {
      const token = line.shown.at(-1)?.split('/').at(-1)
      await operator.post(`/api/claims/${token}/accept`, { tenant: 'acme', role: 'admin' })
    }
    const where = ['--server', operator.url, '--audience', operator.origin]
    expect((await line.run(['identity', 'init', '--handle', 'borrower', ...where])).code).toBe(0)
    expect((await line.run(['vault', 'put', 'smtp/password'], { input: 'lent\n' })).code).toBe(0)
  })
  afterAll(async () => {
    line.remove()
    await portal.close()
    await authentik.stop()
  })

  it('lends a secret, for longer where that is asked for, until it is given back', async () => {
    const asked = await line.run(['lease', 'ask', 'smtp/password', '--purpose', 'a test', '--ttl', '60'])
    expect(asked).toMatchObject({ code: 0, errors: '' })
    const id = asked.text.trim()
    expect((await line.run(['lease', 'get', id])).text).toBe('lent\n')
    const { json } = await line.run(['lease', 'renew', id, '--ttl', '7200', '--json'])
    expect(Date.parse(json.expiresAt)).toBeGreaterThan(Date.now() + 3_600_000)
    const active = ['lease', 'list', '--status', 'active', '--json']
    expect((await line.run(active)).json.items).toMatchObject([{ id, service: 'smtp', name: 'password' }])
    expect((await line.run(['lease', 'list'])).text).toContain('a test')
    expect((await line.run(['lease', 'end', id])).code).toBe(0)
    expect((await line.run(active)).json.items).toEqual([])
    const after = await line.run(['lease', 'get', id])
    expect(after.text).toBe('')
    expect(after.code).not.toBe(0)
  })

  it('gives a token of Authentik, once, and says how it is given back', async () => {
    const asked = await line.run(['lease', 'ask', 'authentik', '--purpose', 'an export', '--ttl', '600'])
    const [minted] = authentik.tokens()
    expect(asked).toMatchObject({ code: 0, text: minted?.key })
    const id = /tenantry lease end (\S+)/.exec(asked.errors)?.[1] ?? ''
    expect(asked.errors).not.toContain(minted?.key)
    expect((await line.run(['lease', 'list', '--status', 'active'])).text).toMatch(
      new RegExp(`${id}  authentik `),
    )

    const again = await line.run(['lease', 'get', id])
    expect(again).toMatchObject({
      code: 1,
      text: '',
      errors: expect.stringContaining('(lease.has_no_value)'),
    })
    const renewed = await line.run(['lease', 'renew', id])
    expect(renewed).toMatchObject({ code: 0, errors: '' })
    expect(Date.parse(authentik.tokens()[0]?.expires ?? '')).toBeGreaterThan(Date.now() + 1_200_000)
    expect((await line.run(['lease', 'end', id])).code).toBe(0)
    expect((await line.run(['lease', 'list', '--status', 'active', '--json'])).json.items).toEqual([])
  })

  it('gives it in JSON where that is asked for', async () => {
    const argv = ['lease', 'ask', 'authentik', '--purpose', 'an export', '--json']
    const { code, json, errors } = await line.run(argv)
    expect({ code, json }).toMatchObject({
      code: 0,
      json: { kind: 'minted', service: 'authentik', token: authentik.tokens().at(-1)?.key },
    })
    expect(errors).toBe('')
    await line.run(['lease', 'end', json.id])
  })

  it('ends with 5 where Authentik is away, and no lease stays', async () => {
    authentik.faults.add({ kind: 'answer', status: 503, body: '', times: 'always' })
    const asked = await line.run(['lease', 'ask', 'authentik', '--purpose', 'an export'])
    authentik.faults.clear()
    expect(asked).toMatchObject({ code: 5, text: '' })
    expect((await line.run(['lease', 'list', '--status', 'active', '--json'])).json.items).toEqual([])
  })

  it('says where a service mints none', async () => {
    const asked = await line.run(['lease', 'ask', 'ocis', '--purpose', 'a test'])
    expect(asked).toMatchObject({ code: 1, errors: expect.stringContaining('(lease.not_mintable)') })
  })

  it('refuses what is none', async () => {
    const ask = (what: string, ...more: string[]) => line.run(['lease', 'ask', what, ...more])
    expect((await ask('smtp', '--purpose', 'a test')).code).toBe(2)
    expect((await ask('smtp/password')).code).toBe(2)
    expect((await ask('smtp/password', '--purpose', 'a test', '--ttl', 'long')).code).toBe(2)
    expect((await ask('smtp/password', '--purpose', 'a test', '--ttl', '5')).code).toBe(1)
    expect((await line.run(['lease', 'list', '--status', 'odd'])).code).toBe(2)
    expect((await line.run(['lease', 'get', '0198b2ad-0000-7000-8000-000000000000'])).code).toBe(4)
  })
})
