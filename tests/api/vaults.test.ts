import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newId } from '#server/lib/ids'
import type { MachineScope } from '#shared/contracts/machines'
import { describeEachDatabase } from '../harness/databases'
import { codeOf, type HttpClient } from '../harness/http'
import { claimInDatabase, TestMachine } from '../harness/machine'
import { startPortal, TestClock, type Portal } from '../harness/portal'

describeEachDatabase('vaults', (given) => {
  const clock = new TestClock()
  let portal: Portal
  let boss: HttpClient
  let count = 0
  const db = () => given.database.client
  const fresh = (word: string) => `${word}-${(count += 1)}`

  beforeAll(async () => {
    portal = await startPortal(given.url, { clock })
    boss = await portal.operator()
  })
  afterAll(() => portal.close())

  /** A tenant with its default vault, an owner and a member. */
  async function scene() {
    const slug = fresh('acme')
    await boss.post('/api/tenants', { slug, name: slug })
    const person = async (role: string) => {
      const email = `${fresh(role)}@example.org`
      const browser = await portal.signedIn({ email })
      await boss.post(`/api/tenants/${slug}/members`, { email, role })
      return { browser, userId: (await browser.get('/api/auth/session')).json.user.id as string }
    }
    const [owner, member] = [await person('owner'), await person('member')]
    const vaults = `/api/tenants/${slug}/vaults`
    const [vault] = (await owner.browser.get(vaults)).json.items
    const entries = `/api/vaults/${vault.id}/entries`
    const machine = async (scopes?: MachineScope[]) => {
      const made = new TestMachine(fresh('machine'), 'http://localhost:3000', clock.now)
      await claimInDatabase(db(), made, { slug, ...(scopes && { scopes }) })
      const { url } = portal.browser()
      return {
        made,
        get: (path: string) => made.call(url, 'GET', path),
        put: (path: string, body: unknown) => made.call(url, 'PUT', path, body),
      }
    }
    const audit = async (action: string) =>
      (await boss.get(`/api/tenants/${slug}/audit?limit=200`)).json.items.filter(
        (entry: { action: string }) => entry.action === action,
      )
    return { slug, owner, member, vaults, vault, entries, machine, audit }
  }

  it('are there from the beginning: one for each tenant, as its default', async () => {
    const { owner, vaults, vault } = await scene()
    expect((await owner.browser.get(vaults)).json).toMatchObject({
      items: [{ handle: 'default', isDefault: true }],
      nextCursor: null,
    })
    expect(vault.id).toMatch(/^[0-9a-f-]{36}$/)
  })

  describe('secrets', () => {
    it('are put, shown, listed without values, and deleted for good', async () => {
      const { owner, entries, audit } = await scene()
      const at = `${entries}/stalwart/admin.password`
      expect((await owner.browser.put(at, { value: 'sesame Ω\n', note: 'first' })).status).toBe(204)
      const shown = await owner.browser.get(`${at}?reason=Looking%20why%20mail%20stops`)
      expect(shown.headers.get('cache-control')).toBe('no-store')
      expect(shown.json).toEqual({
        service: 'stalwart',
        name: 'admin.password',
        value: 'sesame Ω\n',
        note: 'first',
        version: 1,
        updatedAt: clock.now().toISOString(),
      })
      const list = await owner.browser.get(entries)
      expect(list.json).toEqual({
        items: [
          { service: 'stalwart', name: 'admin.password', version: 1, updatedAt: clock.now().toISOString() },
        ],
        nextCursor: null,
      })
      expect((await owner.browser.delete(at)).status).toBe(204)
      for (const method of ['GET', 'DELETE'])
        expect(codeOf(await owner.browser.send(method, at, {}))).toEqual([404, 'secret.not_found'])
      expect((await owner.browser.get(`${at}/versions`)).status).toBe(404)
      const [revealed] = await audit('secret.revealed')
      expect(revealed).toMatchObject({ after: { version: 1, reason: 'Looking why mail stops' } })
      expect(await audit('secret.written')).toHaveLength(1)
      expect(await audit('secret.deleted')).toHaveLength(1)
      expect(JSON.stringify(await db().auditEntry.findMany())).not.toContain('sesame')
    })

    it('keep their versions, and take one back as the newest', async () => {
      const { owner, entries, audit } = await scene()
      const at = `${entries}/api/key`
      for (let version = 1; version <= 12; version += 1)
        await owner.browser.put(at, { value: `value ${version}` })
      const { items } = (await owner.browser.get(`${at}/versions`)).json
      expect(items.map(({ version }: { version: number }) => version)).toEqual([
        12, 11, 10, 9, 8, 7, 6, 5, 4, 3,
      ])
      expect(items.filter(({ isCurrent }: { isCurrent: boolean }) => isCurrent)).toHaveLength(1)
      expect((await owner.browser.post(`${at}/versions/4/restore`)).status).toBe(204)
      expect((await owner.browser.get(at)).json).toMatchObject({ value: 'value 4', version: 13 })
      expect(codeOf(await owner.browser.post(`${at}/versions/2/restore`))).toEqual([
        404,
        'secret.version_not_found',
      ])
      for (const version of ['0', '-1', '1e3', 'newest', '99999999999'])
        expect((await owner.browser.post(`${at}/versions/${version}/restore`)).status).toBe(422)
      expect(await audit('secret.restored')).toMatchObject([{ after: { version: 4 } }])
    })

    it('are listed page by page, by service and name, and from a prefix', async () => {
      const { owner, entries } = await scene()
      const names = ['a/one', 'a/two', 'a-b/one', 'ab/one', 'b/three']
      for (const name of names) await owner.browser.put(`${entries}/${name}`, { value: name })
      const seen: string[] = []
      let cursor = ''
      do {
        const { json } = await owner.browser.get(`${entries}?limit=2${cursor && `&cursor=${cursor}`}`)
        seen.push(
          ...json.items.map(({ service, name }: { service: string; name: string }) => `${service}/${name}`),
        )
        cursor = json.nextCursor ?? ''
      } while (cursor)
      expect(seen.toSorted()).toEqual(names.toSorted())
      const ofA = (await owner.browser.get(`${entries}?prefix=a/`)).json.items
      expect(ofA.map(({ name }: { name: string }) => name)).toEqual(['one', 'two'])
      for (const query of ['cursor=x', 'cursor=YS9i%3A', 'prefix=*', 'prefix=a:b', 'limit=0', 'limit=201'])
        expect([query, (await owner.browser.get(`${entries}?${query}`)).status]).toEqual([query, 422])
    })

    it.each(['UPPER/name', 'a/b:c', 'a/*', '.a/b', 'a/%2e%2e', `${'a'.repeat(65)}/b`, 'a/b%00', 'a/b%2fc'])(
      'have no such place as %s',
      async (place) => {
        const { owner, entries } = await scene()
        const { status } = await owner.browser.put(`${entries}/${place}`, { value: 'x' })
        expect([400, 404, 422]).toContain(status)
        expect((await owner.browser.get(entries)).json.items).toEqual([])
      },
    )

    it('take 65,536 bytes of text, whatever letters it is made of, and not one more', async () => {
      const { owner, entries } = await scene()
      const value = 'é'.repeat(32_768)
      expect((await owner.browser.put(`${entries}/a/long`, { value })).status).toBe(204)
      expect((await owner.browser.get(`${entries}/a/long`)).json.value).toBe(value)
      const more = await owner.browser.put(`${entries}/a/long`, { value: `${value}.` })
      expect(codeOf(more)).toEqual([422, 'request.invalid'])
      expect(more.text).not.toContain('ééé')
    })

    it('are not shown where they were altered or planted in the backend; that is on record', async () => {
      const { owner, slug, entries, vault, audit } = await scene()
      await owner.browser.put(`${entries}/a/one`, { value: 'the first' })
      await owner.browser.put(`${entries}/a/two`, { value: 'the second' })
      const check = await owner.browser.post(`/api/vaults/${vault.id}/check`)
      expect(check.json).toEqual({ checked: 2, broken: [] })
      const other = newId()
      await db().wrappedKey.updateMany({
        where: { id: `vault:${vault.id}` },
        data: { id: `vault:${other}` },
      })
      // Another replica, which has not opened this vault yet.
      const replica = await startPortal(given.url, {
        clock,
        env: { DATA_DIR: portal.container.config.dataDir },
      })
      try {
        const browser = await replica.signedIn({ email: `owner-of-${slug}@example.org`, operator: true })
        const email = `owner-of-${slug}@example.org`
        await boss.post(`/api/tenants/${slug}/members`, { email, role: 'owner' })
        expect(codeOf(await browser.get(`${entries}/a/one`))).toEqual([500, 'secret.unreadable'])
        expect(await audit('secret.unreadable')).toHaveLength(1)
        expect((await browser.post(`/api/vaults/${vault.id}/check`)).json).toMatchObject({
          checked: 2,
          broken: [
            { name: 'one', version: 1 },
            { name: 'two', version: 1 },
          ],
        })
      } finally {
        await replica.close()
      }
    })
  })

  describe('whom they are open to', () => {
    it('owners and admins; a member once it is opened to them; no operator who is no member', async () => {
      const { owner, member, slug, vaults, vault, entries, audit } = await scene()
      await owner.browser.put(`${entries}/a/one`, { value: 'secret' })
      expect(codeOf(await member.browser.get(entries))).toEqual([403, 'access.denied'])
      expect((await member.browser.get(vaults)).status).toBe(200)
      const binding = `${vaults}/${vault.id}/bindings/${member.userId}`
      for (const _ of [1, 2]) expect((await owner.browser.put(binding)).status).toBe(204)
      expect((await member.browser.get(`${entries}/a/one`)).json.value).toBe('secret')
      expect((await owner.browser.get(`${vaults}/${vault.id}/bindings`)).json.items).toMatchObject([
        { userId: member.userId },
      ])
      expect(await audit('vault.opened_to_member')).toHaveLength(1)
      expect((await owner.browser.delete(binding)).status).toBe(204)
      expect(codeOf(await owner.browser.delete(binding))).toEqual([404, 'member.not_found'])
      expect((await member.browser.get(`${entries}/a/one`)).status).toBe(403)

      const outsider = await portal.signedIn({ email: `${fresh('operator')}@example.org`, operator: true })
      expect((await outsider.get(`/api/tenants/${slug}/vaults`)).status).toBe(200)
      for (const path of [entries, `${entries}/a/one`])
        expect(codeOf(await outsider.get(path))).toEqual([403, 'access.denied'])
      const stranger = await portal.signedIn({ email: `${fresh('stranger')}@example.org` })
      expect(codeOf(await stranger.get(entries))).toEqual([404, 'vault.not_found'])
      expect(codeOf(await stranger.get(`/api/vaults/${newId()}/entries`))).toEqual([404, 'vault.not_found'])
      expect(codeOf(await owner.browser.get('/api/vaults/none/entries'))).toEqual([404, 'vault.not_found'])
    })

    it('a member loses it with the membership', async () => {
      const { owner, member, slug, vaults, vault, entries } = await scene()
      await owner.browser.put(`${entries}/a/one`, { value: 'secret' })
      await owner.browser.put(`${vaults}/${vault.id}/bindings/${member.userId}`)
      await owner.browser.delete(`/api/tenants/${slug}/members/${member.userId}`)
      expect(codeOf(await member.browser.get(`${entries}/a/one`))).toEqual([404, 'vault.not_found'])
    })

    it('machines where they are bound, within their scopes; what they read is on record', async () => {
      const { owner, slug, vaults, vault, entries, machine, audit } = await scene()
      const reader = await machine(['secrets:read', 'vaults:read'])
      await owner.browser.put(`${entries}/a/one`, { value: 'secret' })
      expect((await reader.get(`${entries}/a/one`)).json).toMatchObject({ value: 'secret', version: 1 })
      for (const answer of [await reader.get(entries), await reader.put(`${entries}/a/one`, { value: 'x' })])
        expect(codeOf(answer)).toEqual([403, 'access.denied'])
      expect(await audit('secret.read')).toMatchObject([
        { actor: { kind: 'machine', name: reader.made.handle }, after: { version: 1 } },
      ])
      const other = (await owner.browser.post(vaults, { handle: 'other' })).json
      expect(codeOf(await reader.get(`/api/vaults/${other.id}/entries/a/one`))).toEqual([
        404,
        'vault.not_found',
      ])
      expect((await reader.get(vaults)).json.items).toMatchObject([{ id: vault.id, isDefault: true }])
      const foreign = await scene()
      expect(codeOf(await reader.get(`${foreign.entries}/a/one`))).toEqual([404, 'vault.not_found'])
      await boss.post(`/api/tenants/${slug}/suspend`)
      expect((await reader.get(`${entries}/a/one`)).status).toBe(403)
    })
  })

  it('are made and, once empty, removed; the default one stays', async () => {
    const { owner, vaults, vault, audit } = await scene()
    const made = await owner.browser.post(vaults, { handle: 'deploy' })
    expect([made.status, made.json]).toMatchObject([201, { handle: 'deploy', isDefault: false }])
    expect(codeOf(await owner.browser.post(vaults, { handle: 'deploy' }))).toEqual([
      409,
      'vault.handle_taken',
    ])
    expect(codeOf(await owner.browser.post(vaults, { handle: 'integrations' }))).toEqual([
      422,
      'vault.handle_reserved',
    ])
    expect((await owner.browser.post(vaults, { handle: 'De ploy' })).status).toBe(422)
    expect(codeOf(await owner.browser.delete(`${vaults}/${vault.id}`))).toEqual([409, 'vault.is_default'])
    const at = `/api/vaults/${made.json.id}/entries/a/one`
    await owner.browser.put(at, { value: 'x' })
    expect(codeOf(await owner.browser.delete(`${vaults}/${made.json.id}`))).toEqual([409, 'vault.not_empty'])
    await owner.browser.delete(at)
    expect((await owner.browser.delete(`${vaults}/${made.json.id}`)).status).toBe(204)
    expect(codeOf(await owner.browser.get(at))).toEqual([404, 'vault.not_found'])
    expect(await db().wrappedKey.findUnique({ where: { id: `vault:${made.json.id}` } })).toBeNull()
    expect(await audit('vault.removed')).toMatchObject([{ before: { handle: 'deploy' } }])
  })

  it('want a person to have proved lately who they are before a value is shown', async () => {
    const { owner, entries } = await scene()
    await owner.browser.put(`${entries}/a/one`, { value: 'secret' })
    const later = new TestClock()
    later.advance(601)
    const replica = await startPortal(given.url, { clock: later })
    try {
      const browser = replica.browser()
      browser.cookie = owner.browser.cookie
      expect(codeOf(await browser.get(`${entries}/a/one`))).toEqual([403, 'auth.step_up_required'])
      expect((await browser.get(entries)).status).toBe(200)
    } finally {
      await replica.close()
    }
  })
})
