import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { startAuthentikFake, type AuthentikFake } from '#server/integrations/authentik/fake'
import { describeEachDatabase } from '../harness/databases'
import type { HttpClient } from '../harness/http'
import { claimInDatabase, TestMachine } from '../harness/machine'
import { startPortal, TestClock, type Portal } from '../harness/portal'

describeEachDatabase('the account of minted leases', (given) => {
  const clock = new TestClock()
  let portal: Portal
  let fake: AuthentikFake
  let operator: HttpClient

  beforeAll(async () => {
    fake = await startAuthentikFake()
    portal = await startPortal(given.url, {
      clock,
      env: {
        AUTHENTIK_API_URL: fake.url,
        AUTHENTIK_API_TOKEN: fake.token,
        AUTHENTIK_PUBLIC_URL: 'https://id.example.org',
        SWEEP_INTERVAL_SECONDS: '0',
      },
    })
    operator = await portal.operator()
    portal.container.reconciler.start()
  })
  afterAll(async () => {
    await portal?.close()
    await fake?.stop()
    expect(fake?.violations()).toEqual([])
  })

  const settled = () =>
    vi.waitFor(async () => {
      const { client } = given.database
      expect(await client.provisioningStep.count({ where: { status: { notIn: ['ok', 'skipped'] } } })).toBe(0)
      expect(await client.provisioningRun.count({ where: { status: 'running' } })).toBe(0)
    }, 20_000)
  const sweep = async () => {
    clock.advance(10)
    await operator.post('/api/operator/sweep')
    await portal.container.sweeper.work()
    const [last] = (await operator.get('/api/operator/sweep?limit=1')).json.items
    expect(last).toMatchObject({ status: 'done', failures: {} })
  }
  const drift = async () => (await operator.get('/api/operator/drift')).json.items
  const insideOf = (slug: string) => {
    const { users = [] } = fake.groups().find(({ name }) => name === slug) ?? {}
    return users.map((pk) => fake.users().find((user) => user.pk === pk)?.username)
  }

  /** A tenant that is as it should be, and a machine that may have tokens minted. */
  async function scene(slug: string) {
    const { id } = (await operator.post('/api/tenants', { slug, name: slug })).json
    await settled()
    const made = new TestMachine(`backup-${slug}`, 'http://localhost:3000', clock.now)
    const { vaultId } = await claimInDatabase(given.database.client, made, {
      ...{ slug, scopes: ['secrets:lease'] },
    })
    const mint = async () => {
      const asked = { kind: 'minted', service: 'authentik', ttlSeconds: 600, purpose: 'nightly backup' }
      const path = `/api/vaults/${vaultId}/leases`
      const answer = await made.call(operator.url, 'POST', path, asked)
      expect([answer.status, answer.text]).toEqual([201, answer.text])
    }
    return { account: `tenantry-leases-${id}`, mint }
  }

  it('is no drift, and nobody’s to be taken out, however often tokens are minted', async () => {
    const { account, mint } = await scene('acme')
    await sweep()
    expect(await drift()).toEqual([])
    for (const _ of [1, 2]) {
      await mint()
      await sweep()
      expect(await drift()).toEqual([])
    }
    await operator.post('/api/tenants/acme/reconcile', {})
    await settled()
    await sweep()
    expect(await drift()).toEqual([])
    expect(insideOf('acme')).toContain(account)
  })

  it('hides nobody else: the account of another tenant is drift, and so is who poses as it', async () => {
    const [mine, other] = [await scene('mine'), await scene('other')]
    await mine.mint()
    await other.mint()
    await sweep()
    expect(await drift()).toEqual([])
    const group = fake.groups().find(({ name }) => name === 'mine')
    const foreign = fake.users().find(({ username }) => username === other.account)
    const posing = fake.addUser({
      username: 'mallory',
      type: 'service_account',
      attributes: { tenantryLeasesOf: mine.account.slice('tenantry-leases-'.length) },
    })
    for (const pk of [foreign?.pk ?? 0, posing.pk]) {
      fake.changeGroup(group?.pk ?? '', { users: [...(group?.users ?? []), pk] })
      await sweep()
      expect(await drift()).toMatchObject([{ service: 'authentik', kind: 'members', what: 'changed' }])
      fake.changeGroup(group?.pk ?? '', { users: group?.users })
      await sweep()
      expect(await drift()).toEqual([])
    }
  })
})
