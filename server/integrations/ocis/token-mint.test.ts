import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { NotMintable } from '#server/domain/vaults/token-mint.port'
import { newId } from '#server/lib/ids'
import { describeTokenMint } from '../../../tests/harness/token-mint-suite'
import { createOcis, type OcisOptions } from './client'
import { describeSpace } from './stamp'
import { startOcisFake, type OcisFake } from './fake'
import { newMember, newTenant, settle } from './fake-tenants'
import { roleIds } from './permissions'

const signal = new AbortController().signal
const flavours = ['ocis', 'opencloud'] as const

/** As whoever has a token calls the server. */
async function asks({ url }: OcisFake, { account, token }: { account: string; token: string }, path: string) {
  const authorization = `Basic ${Buffer.from(`${account}:${token}`).toString('base64')}`
  const answer = await fetch(`${url}/${path}`, { headers: { authorization } })
  const text = await answer.text()
  return { status: answer.status, body: text ? (JSON.parse(text) as Record<string, unknown>) : undefined }
}
const clientOf = (fake: OcisFake, options: Partial<OcisOptions> = {}) => {
  const { clientId, clientSecret } = fake.credentials
  return createOcis({
    ...{ apiUrl: fake.url, auth: { clientId, clientSecret, tokenUrl: fake.tokenUrl }, ...options },
  })
}

for (const flavour of flavours)
  describeTokenMint(flavour, async () => {
    const fake = await startOcisFake({ flavour, impersonates: true })
    return {
      mint: (options) => clientOf(fake, options).tokenMint,
      settle: async ({ id, slug }) => fake.addDrive({ name: slug, description: describeSpace(id) }),
      takes: async (minted) => (await asks(fake, minted, 'graph/v1.0/me')).status === 200,
      // A token is worth nothing without its account.
      count: () => fake.users().length,
      setDown: (isDown) =>
        isDown
          ? void fake.faults.add({ kind: 'answer', status: 503, body: 'Not now.', times: 'always' })
          : fake.faults.clear(),
      reset() {
        fake.reset()
        fake.revokeTokens()
      },
      async stop() {
        await fake.stop()
        return fake.violations()
      },
    }
  })

describe.each(flavours)('app tokens for leases at %s', (flavour) => {
  let now: Date
  let fake: OcisFake
  beforeEach(async () => {
    now = new Date()
    fake = await startOcisFake({ flavour, impersonates: true, clock: { now: () => now } })
  })
  afterEach(async () => {
    await fake.stop()
    expect(fake.violations()).toEqual([])
  })

  function scene() {
    const tenant = newTenant({ id: newId() })
    const drive = fake.addDrive({ name: tenant.name, description: describeSpace(tenant.id) })
    const lease = () => ({ leaseId: newId(), tenant, expiresAt: new Date(now.getTime() + 600_000) })
    const { tokenMint, planners } = clientOf(fake, { clock: { now: () => now } })
    const members = planners.find(({ step }) => step === 'members')
    if (!members) throw new Error('There is no step for members.')
    const grants = () => fake.drives().find(({ id }) => id === drive.id)?.grants ?? []
    return { tenant, drive, lease, tokenMint, members, grants }
  }
  const drivePath = (id: string) => `graph/v1.0/drives/${encodeURIComponent(id).replaceAll('!', '%21')}`

  it('are of an account of the lease’s own, a viewer of the tenant’s space and of no other', async () => {
    const [{ drive, lease, tokenMint, grants, tenant }, other] = [scene(), scene()]
    const asked = lease()
    const minted = await tokenMint.mint(asked, signal)
    expect(minted.account).toBe(`tenantry-lease-${tenant.id}-${asked.leaseId}`)
    const [account] = fake.users()
    expect(account).toMatchObject({ onPremisesSamAccountName: minted.account, displayName: 'Lease of acme' })
    expect(grants()).toContainEqual(
      expect.objectContaining({ holderId: account?.id, roles: [roleIds.Viewer] }),
    )
    expect(await asks(fake, minted, 'graph/v1.0/me')).toMatchObject({ body: { id: account?.id } })
    expect((await asks(fake, minted, drivePath(drive.id))).status).toBe(200)
    expect((await asks(fake, minted, drivePath(other.drive.id))).status).toBe(404)

    await tokenMint.revoke({ leaseId: asked.leaseId, tenantId: tenant.id }, signal)
    expect((await asks(fake, minted, drivePath(drive.id))).status).toBe(401)
    expect(grants().map(({ holderId }) => holderId)).toEqual([fake.serviceId])
  })

  it('end with the lease by themselves', async () => {
    const { lease, tokenMint } = scene()
    const minted = await tokenMint.mint(lease(), signal)
    now = new Date(now.getTime() + 599_000)
    expect((await asks(fake, minted, 'graph/v1.0/me')).status).toBe(200)
    now = new Date(now.getTime() + 1000)
    expect((await asks(fake, minted, 'graph/v1.0/me')).status).toBe(401)
  })

  it.each([
    ['impersonation is off', { impersonates: false }, 'AUTH_APP_ENABLE_IMPERSONATION=true'],
    ['app tokens are not taken', { takesAppTokens: false }, 'PROXY_ENABLE_APP_AUTH=true'],
    ['the directory takes no changes', { isReadOnly: true }, 'OCIS_LDAP_SERVER_WRITE_ENABLED'],
    ['the service account is no administrator', { role: 'spaceAdmin' }, 'the role Admin'],
  ] as const)('are none where %s, and it is said what to do', async (_, settings, words) => {
    const { lease, tokenMint, tenant, grants } = scene()
    Object.assign(fake.settings, settings)
    const asked = lease()
    const failure = await tokenMint.mint(asked, signal).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(NotMintable)
    expect((failure as Error).message).toContain(words)
    await tokenMint.revoke({ leaseId: asked.leaseId, tenantId: tenant.id }, signal)
    expect([fake.users(), grants().length]).toEqual([[], 1])
  })

  it('are refused where they are of another account, such as Tenantry’s own', async () => {
    const { lease, tokenMint } = scene()
    fake.faults.add({
      ...{ kind: 'answer', status: 200, operation: 'GetOwnUser' },
      body: { id: fake.serviceId, displayName: 'Tenantry', onPremisesSamAccountName: 'tenantry' },
    })
    await expect(tokenMint.mint(lease(), signal)).rejects.toMatchObject({ kind: 'contract' })
  })

  it('are of an account that is gone with its lease, also where the space is disabled', async () => {
    const { drive, lease, tokenMint, tenant } = scene()
    const asked = lease()
    await tokenMint.mint(asked, signal)
    fake.changeDrive(drive.id, { isDisabled: true })
    await tokenMint.revoke({ leaseId: asked.leaseId, tenantId: tenant.id }, signal)
    expect(fake.users()).toEqual([])
  })

  it('make no difference to who is in the space: nobody is taken out, and nothing is to be done', async () => {
    const { lease, tokenMint, members, tenant, drive } = scene()
    fake.addUser({ mail: 'ada@example.org' })
    const desired = { ...tenant, members: [newMember('ada@example.org')] }
    const before = await settle(members, desired, drive.id)
    const minted = [await tokenMint.mint(lease(), signal), await tokenMint.mint(lease(), signal)]
    const after = await members.plan(desired, { externalId: drive.id }, signal)
    expect(after).toMatchObject({ changes: [], notes: before.notes, resources: before.resources })
    for (const one of minted) expect((await asks(fake, one, 'graph/v1.0/me')).status).toBe(200)
    expect(after.accessOf?.('nobody')).toEqual(before.accessOf?.('nobody'))
  })

  it('let nobody else stay in: the account of another tenant’s lease, who is more than a viewer, an orphan', async () => {
    const [mine, other] = [scene(), scene()]
    const viewer = roleIds.Viewer
    await other.tokenMint.mint(other.lease(), signal)
    const foreign = fake.users()[0]?.id ?? ''
    await mine.tokenMint.mint(mine.lease(), signal)
    const own = fake.users().find(({ id }) => id !== foreign)?.id ?? ''
    const stranger = fake.addUser({ mail: 'mallory@example.org', displayName: 'Lease of acme' }).id
    for (const holderId of [foreign, stranger, 'gone'])
      fake.grant({ driveId: mine.drive.id, kind: 'user', holderId, roles: [viewer] })
    const { changes } = await mine.members.plan(mine.tenant, { externalId: mine.drive.id }, signal)
    expect(changes.map(({ fields }) => fields)).toEqual(
      [1, 2, 3].map(() => ({ role: { from: 'Viewer', to: null } })),
    )
    for (const change of changes) await change.apply(signal)
    expect(mine.grants().map(({ holderId }) => holderId)).toEqual([fake.serviceId, own])

    // Made more than a viewer by hand, it is nobody's account any more.
    const path = `/${drivePath(mine.drive.id).replace('v1.0', 'v1beta1')}/root/permissions`
    const permissionId = mine.grants().find(({ holderId }) => holderId === own)?.permissionId ?? ''
    const authorization = `Basic ${Buffer.from(fake.credentials.appToken).toString('base64')}`
    const answer = await fetch(`${fake.url}${path}/${encodeURIComponent(permissionId)}`, {
      method: 'PATCH',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify({ roles: [roleIds.Manager] }),
    })
    expect(answer.status).toBe(200)
    await settle(mine.members, mine.tenant, mine.drive.id)
    expect(mine.grants().map(({ holderId }) => holderId)).toEqual([fake.serviceId])
  })
})
