import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createLog } from '#server/lib/log'
import { purgeOverdue } from '#server/provisioning/purge'
import { startServices, type Services } from '../harness/all-services'
import { describeEachDatabase } from '../harness/databases'
import { startGate, type Gate } from '../harness/gate'
import type { HttpClient } from '../harness/http'
import { startPortal, TestClock, type Portal } from '../harness/portal'

const patience = { timeout: 8_000, interval: 50 }

describeEachDatabase("a tenant's own connection that is changed", (given) => {
  const clock = new TestClock()
  let shared: Services
  let own: Services
  let gate: Gate
  let portal: Portal
  let boss: HttpClient
  let lines: string[]
  let count = 0

  beforeAll(async () => {
    shared = await startServices()
    own = await startServices()
    gate = await startGate(own.authentik.url)
  })
  afterAll(async () => {
    await gate.stop()
    expect([await shared.stop(), await own.stop()]).toEqual([[], []])
  })
  beforeEach(async () => {
    shared.reset()
    own.reset()
    lines = []
    portal = await startPortal(given.url, {
      clock,
      log: createLog('warn', { write: (line) => void lines.push(line) }),
      env: {
        INTEGRATIONS_ALLOW_PRIVATE: 'on',
        AUTHENTIK_API_URL: shared.authentik.url,
        AUTHENTIK_API_TOKEN: shared.authentik.token,
        DELETE_GRACE_SECONDS: '60',
      },
    })
    boss = await portal.operator()
    portal.container.reconciler.start()
  })
  afterEach(async () => {
    gate.open()
    await portal.close()
  })

  async function scene() {
    const slug = `moved-${(count += 1)}`
    const { id } = (await boss.post('/api/tenants', { slug, name: slug, plan: 'pro' })).json
    const at = `/api/tenants/${slug}`
    const steps = async () =>
      (await boss.get(`${at}/provisioning`)).json.steps as {
        service: string
        step: string
        status: string
        reason?: string
        error?: string
      }[]
    const step = async (name: string) => (await steps()).find((one) => `${one.service}/${one.step}` === name)
    const reasonOf = async (name: string) => (await step(name))?.reason
    const settled = () =>
      expect
        .poll(async () => (await steps()).filter(({ status }) => /pending|running/.test(status)), patience)
        .toEqual([])
    const put = (apiUrl: string, token = own.authentik.token) =>
      boss.put(`${at}/connections/authentik`, { apiUrl, credential: { kind: 'token', token } })
    const newestRun = async () => (await boss.get(`${at}/runs`)).json.items[0] as { status: string }
    const former = async () => (await boss.get(`${at}/connections`)).json.former
    await settled()
    return { id: id as string, slug, at, step, reasonOf, settled, put, newestRun, former }
  }
  const groupsOf = ({ authentik }: Services) => authentik.groups().map(({ name }) => name)

  it('in the middle of a run has the run go on with the new credential, and no breaker opens', async () => {
    const old = own.authentik.token
    const mine = await scene()
    gate.close()
    await mine.put(gate.url, old)
    await expect.poll(() => gate.waiting(), patience).toBeGreaterThan(0)
    expect((await mine.step('authentik/group'))?.status).toBe('running')

    own.authentik.changeToken(`${old}-rotated`)
    expect((await mine.put(gate.url, `${old}-rotated`)).status).toBe(200)
    gate.open()
    await mine.settled()
    expect(await mine.step('authentik/group')).toMatchObject({ status: 'ok' })
    expect((await mine.step('authentik/members'))?.error).toBeUndefined()
    expect(await mine.newestRun()).toMatchObject({ status: 'done' })
    expect(groupsOf(own)).toEqual([mine.slug])
    const services = await portal.container.servicesOf(mine.id)
    expect(services.gate('authentik').breaker.state).toBe('closed')
    expect(portal.container.gate('authentik').breaker.state).toBe('closed')
    expect(lines.join('\n')).toContain('Authentik refused')
  })

  it('is told with each step what it left where, and with the plan, until somebody has seen to it', async () => {
    const mine = await scene()
    await mine.put(own.authentik.url)
    await mine.settled()
    const platform = "at the platform's own Authentik"
    const told = (things: string) => `Left behind, and looked after by nobody: ${things}.`
    expect(await mine.reasonOf('authentik/group')).toBe(told(`1 group ${platform}`))
    expect(await mine.reasonOf('authentik/members')).toBe(told(`1 list of members ${platform}`))
    expect((await mine.step('authentik/group'))?.status).toBe('ok')
    const plan = (await boss.get(`${mine.at}/plan`)).json
    const planned = plan.services.find(({ service }: { service: string }) => service === 'authentik')
    expect(planned).toMatchObject({
      changes: [],
      notes: expect.arrayContaining([told(`1 group ${platform}`)]),
    })

    // Another address leads to another place, and the one before is left too.
    await mine.put(gate.url)
    await mine.settled()
    expect(await mine.reasonOf('authentik/group')).toBe(
      told(`1 group at ${own.authentik.url}, 1 group ${platform}`),
    )
    // Where it comes back to, all is looked after again.
    await mine.put(own.authentik.url)
    await mine.settled()
    expect(await mine.reasonOf('authentik/group')).toBe(told(`1 group at ${gate.url}, 1 group ${platform}`))

    for (const { id } of await mine.former())
      expect((await boss.delete(`${mine.at}/connections/former/${id}`)).status).toBe(204)
    await mine.settled()
    expect(await mine.former()).toEqual([])
    expect(await mine.reasonOf('authentik/group')).toBeUndefined()
    const { items } = (await boss.get(`${mine.at}/audit?limit=200`)).json
    const settledEntries = items.filter(
      ({ action }: { action: string }) => action === 'connection.former_settled',
    )
    expect(settledEntries.map(({ before }: { before: object }) => before)).toEqual([
      { service: 'authentik', things: 2 },
      { service: 'authentik', apiUrl: gate.url, things: 2 },
    ])
  })

  it('is told of a service that the tenant has no more', async () => {
    const mine = await scene()
    const credential = { kind: 'token', token: own.ocis.credentials.appToken }
    await boss.put(`${mine.at}/connections/ocis`, { apiUrl: own.ocis.url, credential })
    await mine.settled()
    await boss.delete(`${mine.at}/connections/ocis`)
    await mine.settled()
    expect(await mine.step('ocis/space')).toMatchObject({
      status: 'skipped',
      reason: `not configured. Left behind, and looked after by nobody: 1 space at ${own.ocis.url}.`,
    })
  })

  it('is told too what a run that was under way made at the place that was left meanwhile', async () => {
    const mine = await scene()
    await boss.delete(`${mine.at}/connections/authentik`)
    gate.close()
    await mine.put(gate.url)
    await expect.poll(() => gate.waiting(), patience).toBeGreaterThan(0)
    await mine.put(shared.authentik.url, shared.authentik.token)
    expect((await mine.former()).map(({ apiUrl }: { apiUrl: string }) => apiUrl)).not.toContain(gate.url)
    gate.open()
    await mine.settled()
    expect(groupsOf(own)).toEqual([mine.slug])
    expect(await mine.reasonOf('authentik/group')).toContain(`1 group at ${gate.url}`)
  })

  it('is told when the tenant is purged: not all of it is gone', async () => {
    const mine = await scene()
    await mine.put(own.authentik.url)
    await mine.settled()
    await boss.delete(mine.at)
    await mine.settled()
    clock.advance(61)
    const { scopes, log, vault } = portal.container
    const { client: db } = given.database
    const vaults = await db.vault.findMany({ where: { tenantId: mine.id }, select: { id: true } })
    const keys = { id: { in: vaults.map(({ id }) => `vault:${id}`) } }
    expect(await db.wrappedKey.count({ where: keys })).toBeGreaterThan(0)
    const purged = { action: 'tenant.purged', subjectId: mine.id }
    const entry = () => db.auditEntry.findFirst({ where: purged })
    await expect
      .poll(async () => {
        await purgeOverdue({ scopes, log, vault })
        return (await entry())?.after
      }, patience)
      .toEqual({ leftBehind: "2 of Authentik at the platform's own Authentik" })
    expect([groupsOf(own), groupsOf(shared)]).toEqual([[], [mine.slug]])
    // What its own service was signed in to with went last.
    expect(await db.wrappedKey.count({ where: keys })).toBe(0)
  })

  describe('while somebody loses their access', () => {
    async function leaver() {
      const mine = await scene()
      const email = `${mine.slug}-ada@example.org`
      await portal.signedIn({ email })
      const { userId } = (await boss.post(`${mine.at}/members`, { email, role: 'member' })).json
      await mine.settled()
      const receipt = async () => (await boss.get(`${mine.at}/receipts`)).json.items[0]
      const found = async () => (await receipt())?.entries[0]?.found as string | undefined
      const remove = () => boss.delete(`${mine.at}/members/${userId}`)
      return { ...mine, receipt, found, remove }
    }

    it('keeps the receipt open for as long as nobody has seen to the place that was left', async () => {
      const mine = await leaver()
      await mine.put(own.authentik.url)
      await mine.settled()
      await mine.remove()
      await mine.settled()
      expect(await mine.receipt()).toMatchObject({ completedAt: null, entries: [{ isWhole: false }] })
      expect(await mine.found()).toMatch(
        /Nobody was looked for at the platform's own Authentik: they may be there still\.$/,
      )
      const [{ id }] = await mine.former()
      await boss.delete(`${mine.at}/connections/former/${id}`)
      await mine.settled()
      expect((await mine.receipt()).completedAt).not.toBeNull()
      expect((await mine.receipt()).entries).toMatchObject([{ isWhole: true }])
      expect(await mine.found()).not.toContain('Nobody was looked for')
    })

    it('completes it where they are read to be out, once the tenant is back there', async () => {
      const mine = await leaver()
      await mine.put(own.authentik.url)
      await mine.settled()
      await mine.remove()
      await mine.settled()
      expect((await mine.receipt()).completedAt).toBeNull()
      await boss.delete(`${mine.at}/connections/authentik`)
      await mine.settled()
      // Now the place that they were read to be out of is left.
      expect((await mine.receipt()).completedAt).not.toBeNull()
      expect(await mine.found()).not.toContain('Nobody was looked for')
    })

    it('counts what was read before a place was left', async () => {
      const mine = await leaver()
      const credential = { kind: 'token', token: own.ocis.credentials.appToken }
      await boss.put(`${mine.at}/connections/ocis`, { apiUrl: own.ocis.url, credential })
      await mine.settled()
      // Files can't be read, so that the receipt stays open across the move.
      own.ocis.faults.add({ kind: 'answer', status: 503, times: 'always' })
      await mine.remove()
      await expect.poll(mine.found, patience).toMatch(/\.$/)
      expect((await mine.receipt()).completedAt).toBeNull()
      await mine.put(own.authentik.url)
      await expect.poll(mine.found, patience).toContain('before it was left')
      own.ocis.faults.clear()
      await boss.post(`${mine.at}/reconcile`, {})
      await mine.settled()
      const { completedAt, entries } = await mine.receipt()
      expect(completedAt).not.toBeNull()
      expect(entries[0].found).toMatch(/At the platform's own Authentik, before it was left: /)
    })
  })
})
