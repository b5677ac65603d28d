import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeEachDatabase } from '../harness/databases'
import type { HttpClient } from '../harness/http'
import { startPortal, type Portal } from '../harness/portal'

interface Entry {
  id: string
  action: string
  subject: { kind: string; id: string }
}

describeEachDatabase('the audit of one thing', (given) => {
  let portal: Portal
  let boss: HttpClient
  const vaults = new Map<string, string>()

  beforeAll(async () => {
    portal = await startPortal(given.url)
    boss = await portal.operator()
    for (const slug of ['acme', 'other']) await boss.post('/api/tenants', { slug, name: slug })
    for (const handle of ['one', 'two'])
      vaults.set(handle, (await boss.post('/api/tenants/acme/vaults', { handle })).json.id as string)
  })
  afterAll(() => portal.close())

  const auditOf = async (subject: string, at = '/api/tenants/acme/audit') =>
    boss.get(`${at}?${new URLSearchParams({ subject })}`)
  const idOf = (handle: string) => vaults.get(handle) ?? ''

  it.each(['/api/tenants/acme/audit', '/api/audit'])(
    'is what is about it, and nothing else: %s',
    async (at) => {
      for (const handle of ['one', 'two']) {
        const items = (await auditOf(`vault:${idOf(handle)}`, at)).json.items as Entry[]
        expect(items.map(({ action, subject }) => [action, subject.id])).toEqual([
          ['vault.created', idOf(handle)],
        ])
      }
      expect((await boss.get(at)).json.items.length).toBeGreaterThan(2)
    },
  )

  it('is told apart by kind, and stays within the tenant', async () => {
    expect((await auditOf(`machine:${idOf('one')}`)).json.items).toEqual([])
    expect((await auditOf(`vault:${idOf('one')}`, '/api/tenants/other/audit')).json.items).toEqual([])
  })

  it('takes ids with colons in them', async () => {
    const path = `/api/vaults/${idOf('one')}/entries/smtp/password`
    expect((await boss.put(path, { value: 'something' })).status).toBe(204)
    const { items } = (await auditOf(`secret:${idOf('one')}:smtp/password`)).json
    expect(items.map(({ action }: Entry) => action)).toEqual(['secret.written'])
  })

  it.each(['vault', 'Vault:1', ':1', 'vault:', 'vault:with space'])('refuses %j', async (subject) => {
    expect((await auditOf(subject)).status).toBe(422)
  })
})
