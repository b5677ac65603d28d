import { afterAll, beforeAll, expect, it } from 'vitest'
import { CommandLine } from '~~/tests/harness/command-line'
import { describeEachDatabase } from '~~/tests/harness/databases'
import { startPortal, type Portal } from '~~/tests/harness/portal'

describeEachDatabase('tenantry lease', (given) => {
  let portal: Portal
  let line: CommandLine
  beforeAll(async () => {
    portal = await startPortal(given.url)
    const operator = await portal.operator()
    await operator.post('/api/tenants', { slug: 'acme', name: 'Acme' })
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
