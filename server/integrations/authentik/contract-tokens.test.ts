import { CoreApi } from '@goauthentik/api/dist/apis/CoreApi.js'
import { Configuration } from '@goauthentik/api/dist/runtime.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NotMintable, type TokenMint } from '#server/domain/vaults/token-mint.port'
import { IntegrationError } from '#server/lib/errors'
import { newId } from '#server/lib/ids'
import type { StepPlanner } from '#server/provisioning/step-planner.port'
import { carryOut, desiredOf } from '../../../tests/harness/provisioning'
import { createAuthentik } from './client'
import { startAuthentikFake, type AuthentikFake } from './fake'

/** Something that says it is Authentik. */
interface Target {
  name: string
  open(): Promise<{ url: string; token: string; fake?: AuthentikFake; close(): Promise<void> }>
}

const targets: Target[] = [
  {
    name: 'the fake',
    async open() {
      const fake = await startAuthentikFake()
      return {
        ...{ url: fake.url, token: fake.token, fake },
        async close() {
          await fake.stop()
          expect(fake.violations()).toEqual([])
        },
      }
    },
  },
]

// A real server's token needs to be an administrator's. What these tests make there, they remove.
const { AUTHENTIK_TEST_URL: realUrl, AUTHENTIK_TEST_TOKEN: realToken } = process.env
if (realUrl && realToken)
  targets.push({
    name: 'a real server',
    open: async () => ({ url: realUrl, token: realToken, close: async () => {} }),
  })

describe.each(targets)('Authentik’s tokens: $name', ({ name: targetName, open }) => {
  const signal = new AbortController().signal
  const tenants: { id: string; slug: string }[] = []
  let target: Awaited<ReturnType<Target['open']>>
  let api: CoreApi
  let mint: TokenMint
  let group: StepPlanner
  let members: StepPlanner

  beforeAll(async () => {
    target = await open()
    const origin = new URL(target.url).origin
    api = new CoreApi(new Configuration({ basePath: `${origin}/api/v3`, accessToken: target.token }))
    const { tokenMint, planners } = createAuthentik({ apiUrl: target.url, token: target.token })
    mint = tokenMint
    group = planners.find(({ step }) => step === 'group') as StepPlanner
    members = planners.find(({ step }) => step === 'members') as StepPlanner
  })

  afterAll(async () => {
    if (targetName !== 'the fake')
      for (const { id, slug } of tenants) {
        for (const { pk } of (await api.coreUsersList({ username: `tenantry-leases-${id}` })).results)
          await api.coreUsersDestroy({ id: pk })
        for (const { pk } of (await api.coreGroupsList({ name: slug })).results)
          await api.coreGroupsDestroy({ groupUuid: pk })
      }
    await target.close()
  })

  /** A tenant with its group. */
  async function scene() {
    const id = newId()
    const tenant = { id, slug: `test-${id.replaceAll('-', '').slice(-20)}` }
    tenants.push(tenant)
    const desired = desiredOf(tenant)
    await carryOut(group, desired, signal)
    const leaseId = newId()
    const expiresAt = new Date(Math.ceil(Date.now() / 1000) * 1000 + 600_000)
    return { tenant, desired, leaseId, expiresAt, identifier: `tenantry-lease-${leaseId}` }
  }
  const failureOf = (asked: Promise<unknown>) =>
    asked.then(
      () => 'none',
      (error: unknown) => (error instanceof IntegrationError ? error.kind : error),
    )
  const isThere = (identifier: string) =>
    api.coreTokensRetrieve({ identifier }).then(
      () => true,
      (error: { response: Response }) => error.response.status !== 404,
    )

  it('are minted for an account in the tenant’s group, that ends with the lease', async () => {
    const { tenant, leaseId, expiresAt, identifier } = await scene()
    const { token, account } = await mint.mint({ leaseId, tenant, expiresAt }, signal)
    expect(token.length).toBeGreaterThan(20)
    expect(account).toBe(`tenantry-leases-${tenant.id}`)
    const made = await api.coreTokensRetrieve({ identifier })
    expect(made).toMatchObject({ intent: 'app_password', expiring: true })
    expect(made.expires?.getTime()).toBe(expiresAt.getTime())
    const [user] = (await api.coreUsersList({ username: account })).results
    expect(user).toMatchObject({ type: 'service_account', isSuperuser: false, pk: made.user })
    const { pk } = (await api.coreGroupsList({ name: tenant.slug })).results[0] as { pk: string }
    expect(user?.groups).toEqual([pk])
    const again = await mint.mint({ leaseId: newId(), tenant, expiresAt }, signal)
    expect(again.account).toBe(account)
    expect(again.token).not.toBe(token)
  })

  it('make one account of a tenant, however many ask at once', async () => {
    const { tenant, expiresAt } = await scene()
    const minted = await Promise.all(
      Array.from({ length: 4 }, () => mint.mint({ leaseId: newId(), tenant, expiresAt }, signal)),
    )
    expect(new Set(minted.map(({ token }) => token)).size).toBe(4)
    expect((await api.coreUsersList({ search: `tenantry-leases-${tenant.id}` })).results).toHaveLength(1)
  })

  it('are taken back, also where none was minted, and done again', async () => {
    const { tenant, leaseId, expiresAt, identifier } = await scene()
    await mint.revoke({ leaseId, tenantId: tenant.id }, signal)
    await mint.mint({ leaseId, tenant, expiresAt }, signal)
    expect(await isThere(identifier)).toBe(true)
    for (const _ of [1, 2]) await mint.revoke({ leaseId, tenantId: tenant.id }, signal)
    expect(await isThere(identifier)).toBe(false)
  })

  it('are minted neither without the tenant’s own group, nor for an account of others', async () => {
    const { tenant, leaseId, expiresAt } = await scene()
    const another = { ...tenant, id: newId() }
    expect(await failureOf(mint.mint({ leaseId, tenant: another, expiresAt }, signal))).toBe('unavailable')
    await api.coreUsersCreate({
      userRequest: { username: `tenantry-leases-${tenant.id}`, name: 'Mallory', type: 'internal' },
    })
    expect(await failureOf(mint.mint({ leaseId, tenant, expiresAt }, signal))).toBe('conflict')
  })

  it('make nobody of the group a stranger, and nothing to be done', async () => {
    const { tenant, desired, leaseId, expiresAt } = await scene()
    const before = await members.plan(desired, { externalId: null }, signal)
    await mint.mint({ leaseId, tenant, expiresAt }, signal)
    const after = await members.plan(desired, { externalId: null }, signal)
    expect(after).toMatchObject({ notes: before.notes, changes: [] })
  })

  it('last longer where that is asked for, never shorter, and stay of the same account', async () => {
    const { tenant, leaseId, expiresAt, identifier } = await scene()
    const { account, token } = await mint.mint({ leaseId, tenant, expiresAt }, signal)
    const lease = { leaseId, tenantId: tenant.id }
    const later = new Date(expiresAt.getTime() + 60_000)
    for (const until of [later, expiresAt]) {
      await mint.renew?.(lease, until, signal)
      const found = await api.coreTokensRetrieve({ identifier })
      expect(found).toMatchObject({ intent: 'app_password', expiring: true, expires: later })
      expect(found.userObj?.username).toBe(account)
    }
    expect((await api.coreTokensViewKeyRetrieve({ identifier })).key).toBe(token)
    await mint.revoke(lease, signal)
    expect(await failureOf(mint.renew?.(lease, later, signal) ?? Promise.resolve())).toBe('conflict')
  })

  it('last no longer than the server lets them', async () => {
    const { tenant, leaseId, expiresAt } = await scene()
    const { fake } = target
    // At a real server it takes a group's attribute.
    if (!fake) return
    const asked = { leaseId, tenant, expiresAt }
    fake.setTokenLimit(60_000)
    await expect(mint.mint(asked, signal)).rejects.toThrow(NotMintable)
    fake.setTokenLimit(700_000)
    await mint.mint(asked, signal)
    const later = new Date(expiresAt.getTime() + 600_000)
    await expect(mint.renew?.({ leaseId, tenantId: tenant.id }, later, signal)).rejects.toThrow(NotMintable)
    fake.setTokenLimit(Number.POSITIVE_INFINITY)
  })

  it('are refused where Authentik mints them for another account than was asked for', async () => {
    const { tenant, leaseId, expiresAt, identifier } = await scene()
    const { fake } = target
    // At a real server that takes a caller with fewer rights.
    if (!fake) return
    const { pk } = fake.addUser({ username: `portal-${tenant.slug}` })
    fake.setTokenMaker(pk)
    expect(await failureOf(mint.mint({ leaseId, tenant, expiresAt }, signal))).toBe('contract')
    expect(await isThere(identifier)).toBe(false)
    fake.setTokenMaker(undefined)
  })
})
