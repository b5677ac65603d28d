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

  it('names its tenant as that is called now, for operators and for itself, and none that is gone', async () => {
    const { id } = (await boss.get('/api/tenants/other')).json
    await boss.patch('/api/tenants/other', { name: 'Another' })
    const tenantsAt = async (at: string) =>
      (await boss.get(`${at}?limit=200`)).json.items
        .filter(({ tenantId }: { tenantId: string | null }) => tenantId === id)
        .map(
          ({ tenant }: { tenant: { slug: string; name: string } | null }) =>
            tenant && `${tenant.slug}: ${tenant.name}`,
        )
    for (const at of ['/api/audit', '/api/tenants/other/audit'])
      expect(new Set(await tenantsAt(at))).toEqual(new Set(['other: Another']))
    const { items } = (await boss.get('/api/audit?limit=200')).json
    expect(items).toContainEqual(
      expect.objectContaining({ action: 'portal.set_up', tenantId: null, tenant: null }),
    )
    await given.database.client.tenant.delete({ where: { id } })
    const gone = await tenantsAt('/api/audit')
    expect([gone.length > 1, new Set(gone)]).toEqual([true, new Set([null])])
  })
})
