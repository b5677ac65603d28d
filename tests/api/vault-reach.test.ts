import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import { describeEachDatabase } from '../harness/databases'
import type { HttpClient } from '../harness/http'
import { claimInDatabase, TestMachine } from '../harness/machine'
import { startPortal, type Portal } from '../harness/portal'

describeEachDatabase('a secret whose reader loses the right to it while it is read', (given) => {
  let portal: Portal
  let boss: HttpClient
  let count = 0
  const db = () => given.database.client
  const fresh = (word: string) => `${word}-${(count += 1)}`

  beforeAll(async () => {
    portal = await startPortal(given.url)
    boss = await portal.operator()
  })
  afterEach(() => vi.restoreAllMocks())
  afterAll(() => portal.close())

  /** A tenant with a secret, and a member who reaches it. */
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
    const [vault] = (await owner.browser.get(`/api/tenants/${slug}/vaults`)).json.items
    const at = `/api/vaults/${vault.id}/entries/mail/password`
    const binding = `/api/tenants/${slug}/vaults/${vault.id}/bindings/${member.userId}`
    await owner.browser.put(at, { value: 'sesame' })
    await owner.browser.put(binding)
    return { slug, owner, member, at, binding }
  }
  type Scene = Awaited<ReturnType<typeof scene>>

  /** Once the value was read at the store, and before it leaves. */
  function meanwhile(work: () => Promise<unknown>) {
    const { vault } = portal.container
    const read = vault.get.bind(vault)
    vi.spyOn(vault, 'get').mockImplementationOnce(async (...asked) => {
      const found = await read(...asked)
      await work()
      return found
    })
  }
  const reads = async () =>
    db().auditEntry.count({ where: { action: { in: ['secret.revealed', 'secret.read'] } } })
  async function expectRefused(read: () => Promise<{ status: number; text: string }>) {
    expect((await read()).text).toContain('sesame')
    const before = await reads()
    return async (takeAway: () => Promise<unknown>) => {
      meanwhile(takeAway)
      const answer = await read()
      expect([answer.status, answer.text]).toEqual([404, expect.not.stringContaining('sesame')])
      expect(await reads()).toBe(before)
    }
  }

  const fromPeople: [string, (scene: Scene) => Promise<unknown>][] = [
    ['the vault is closed to them', ({ owner, binding }) => owner.browser.delete(binding)],
    [
      'their membership ends',
      ({ owner, slug, member }) => owner.browser.delete(`/api/tenants/${slug}/members/${member.userId}`),
    ],
    [
      'their account is disabled',
      ({ member }) => boss.patch(`/api/users/${member.userId}`, { status: 'disabled' }),
    ],
    ['their session ends', ({ member }) => member.browser.post('/api/auth/logout')],
    ['the tenant is suspended', ({ slug }) => boss.post(`/api/tenants/${slug}/suspend`)],
  ]
  it.each(fromPeople)('does not leave to a person: %s', async (_, takeAway) => {
    const given = await scene()
    const cookie = given.member.browser.cookie
    const read = async () => {
      given.member.browser.cookie = cookie
      return given.member.browser.get(given.at)
    }
    await (
      await expectRefused(read)
    )(() => takeAway(given))
  })

  it('does not leave to a machine that is revoked, unbound, given less, or whose member has left', async () => {
    for (const takeAway of [
      (id: string) => db().identity.update({ where: { id }, data: { status: 'revoked' } }),
      (id: string) => db().identity.update({ where: { id }, data: { did: fresh('did:key:other') } }),
      (id: string) =>
        db().identityClaim.updateMany({ where: { identityId: id }, data: { scopes: ['vaults:read'] } }),
      (_: string, { slug }: Scene) =>
        db().principalVaultBinding.deleteMany({ where: { vault: { tenant: { slug } } } }),
      (_: string, { slug }: Scene) => db().membership.deleteMany({ where: { tenant: { slug } } }),
    ]) {
      const given = await scene()
      const machine = new TestMachine(fresh('machine'), 'http://localhost:3000')
      const { identityId } = await claimInDatabase(db(), machine, {
        ...{ slug: given.slug, userId: given.member.userId },
      })
      const { url } = portal.browser()
      const refused = await expectRefused(() => machine.call(url, 'GET', given.at))
      await refused(() => takeAway(identityId, given))
    }
  })

  it('does not leave to a script whose token is revoked, or over', async () => {
    for (const change of [{ revokedAt: new Date() }, { expiresAt: new Date() }]) {
      const given = await scene()
      const made = await given.owner.browser.post(`/api/tenants/${given.slug}/api-tokens`, {
        ...{ name: 'script', role: 'admin', scopes: ['secrets:read'], expiresInDays: 1 },
      })
      const { token, id } = made.json
      const read = async () => {
        const answer = await fetch(`${portal.browser().url}${given.at}`, {
          headers: { authorization: `Bearer ${token}` },
        })
        return { status: answer.status, text: await answer.text() }
      }
      const refused = await expectRefused(read)
      await refused(() => db().apiToken.update({ where: { id }, data: change }))
    }
  })
})
