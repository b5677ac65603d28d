import { expect, it } from 'vitest'
import { AppError, IntegrationError } from '#server/lib/errors'
import {
  archiveTenant,
  deleteTenant,
  getExport,
  listExports,
  restoreTenant,
  resumeTenant,
  suspendTenant,
} from '#server/domain/tenants/tenants'
import { describeEachDatabase } from '../../tests/harness/databases'
import {
  createLatch,
  createService,
  createWorkshop,
  eventually,
  silent,
} from '../../tests/harness/provisioning'
import { purgeOverdue } from './purge'

const graceMs = 30_000
const refusal = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error: unknown) => (error instanceof AppError ? error.code : error),
  )

describeEachDatabase('the lifecycle of a tenant', (given) => {
  const shop = createWorkshop(given)
  /** As the vault does: what is sealed goes first, the key last. */
  const removed: string[] = []
  const vault = {
    async removeVault({ id }: { id: string }) {
      await given.database.client.vaultBlob.deleteMany({ where: { vaultId: id } })
      await given.database.client.wrappedKey.deleteMany({ where: { id: `vault:${id}` } })
      removed.push(id)
    },
  }
  const purge = (away?: Error) =>
    purgeOverdue({
      scopes: shop.scopes(),
      log: silent,
      vault: away ? { removeVault: () => Promise.reject(away) } : vault,
    })
  /** A secret in a vault of the tenant. @returns the vault's id */
  async function putSecret(tenantId: string): Promise<string> {
    const { client: db } = given.database
    const [id, now] = [crypto.randomUUID(), shop.clock.now()]
    await db.vault.create({ data: { id, tenantId, handle: `v-${id}`, createdAt: now } })
    const masterId = (await db.masterKey.findFirst())?.id ?? 'none'
    await db.wrappedKey.create({
      data: { id: `vault:${id}`, masterId, wrapped: 'sealed', createdAt: now, wrappedAt: now },
    })
    await db.vaultBlob.create({
      data: { vaultId: id, service: 'mail', name: 'password', version: 1, sealed: 'sealed', writtenAt: 0 },
    })
    return id
  }
  const row = (id: string) => given.database.client.tenant.findUnique({ where: { id } })
  const runsOf = async (id: string) =>
    (await shop.state(id)).runs.map(({ cause, status }) => `${cause} ${status}`)

  it('is suspended and resumed: pending until every service has confirmed it', async () => {
    const authentik = createService()
    const ocis = createService('ocis', 'space')
    shop.start([authentik, ocis])
    const { id, slug } = await shop.createTenant()
    await shop.reached(id, 'active')
    const scope = await shop.scopeOf(slug)

    expect((await suspendTenant(scope)).status).toBe('suspended')
    await eventually(async () => expect((await runsOf(id)).at(-1)).toBe('suspended done'))
    for (const service of [authentik, ocis]) expect(service.plans.at(-1)?.state).toBe('closed')

    const latch = createLatch()
    ocis.next(async (tenant, signal) => {
      await latch.opened
      return ocis.succeed(tenant, signal)
    })
    expect((await resumeTenant(scope)).status).toBe('pending')
    await eventually(() => expect(ocis.plans.at(-1)?.state).toBe('active'))
    expect((await row(id))?.status).toBe('pending')
    latch.open()
    await shop.reached(id, 'active')
    expect(await runsOf(id)).toEqual(['created done', 'suspended done', 'resumed done'])
  })

  it('does once what is asked for many times at once', async () => {
    const { id, slug } = await shop.createTenant()
    const scope = await shop.scopeOf(slug)
    const states = await Promise.all(Array.from({ length: 8 }, () => suspendTenant(scope)))
    expect(new Set(states.map(({ status }) => status))).toEqual(new Set(['suspended']))
    expect(await runsOf(id)).toEqual(['created running', 'suspended running'])
    const entries = await given.database.client.auditEntry.count({
      where: { tenantId: id, action: 'tenant.suspended' },
    })
    expect(entries).toBe(1)
  })

  it('refuses what does not fit, and changes nothing then', async () => {
    const { id, slug } = await shop.createTenant()
    const scope = await shop.scopeOf(slug)
    expect(await refusal(restoreTenant(scope))).toBe('tenant.not_deleted')
    await archiveTenant(scope)
    expect(await refusal(suspendTenant(scope))).toBe('tenant.wrong_status')
    expect(await refusal(resumeTenant(scope))).toBe('tenant.wrong_status')
    await deleteTenant(scope, 30)
    expect(await refusal(archiveTenant(scope))).toBe('tenant.wrong_status')
    expect((await row(id))?.status).toBe('deleting')
  })

  it('is exported whole before it is archived, the archival itself included in none', async () => {
    const { id, slug } = await shop.createTenant('Acme')
    const user = await given.database.client.user.create({
      data: {
        id: crypto.randomUUID(),
        ...{ email: 'ada@acme.example', name: 'Ada', nameKey: 'ada' },
        ...{ createdAt: shop.clock.now(), updatedAt: shop.clock.now() },
      },
    })
    const scope = await shop.scopeOf(slug)
    await scope.transaction((stores) => stores.members.add(user.id, 'owner', 'manual'))
    await given.database.client.auditEntry.createMany({
      data: Array.from({ length: 1_100 }, (_, index) => ({
        ...{ id: crypto.randomUUID(), at: shop.clock.now(), actorKind: 'system' as const, tenantId: id },
        ...{ action: 'tenant.tried', subjectKind: 'tenant', subjectId: id, requestId: `${index}` },
        ...{ chain: 0, sequence: index + 1, hash: '' },
      })),
    })
    await Promise.all([archiveTenant(scope), archiveTenant(scope)])
    expect(await given.database.client.tenantExport.count({ where: { completedAt: { not: null } } })).toBe(1)
    const [made] = (await listExports(scope, { limit: 10 })).items
    const first = await getExport(scope, made?.id ?? '', { after: 0, limit: 2 })
    expect(first.next).toBe(2)
    const rest = await getExport(scope, made?.id ?? '', { after: 2, limit: 10 })
    expect(rest.next).toBe(null)
    const parts = [...first.parts, ...rest.parts]
    const records = Map.groupBy(
      parts.flatMap(({ kind, records }) => records.map((record) => ({ kind, record }))),
      ({ kind }) => kind,
    )
    expect(records.get('audit')).toHaveLength(1_102)
    expect(records.get('members')?.[0]?.record).toMatchObject({ user: { email: 'ada@acme.example' } })
    expect(records.get('tenant')?.[0]?.record).toMatchObject({ slug, name: 'Acme' })
    expect(records.get('subscription')).toHaveLength(1)
    expect(
      await refusal(
        getExport(await shop.scopeOf((await shop.createTenant()).slug), made?.id ?? '', {
          after: 0,
          limit: 1,
        }),
      ),
    ).toBe('export.not_found')
  })

  it('is purged after its time of grace, by any number of replicas once, and its slug is free again', async () => {
    const authentik = createService()
    shop.start([authentik])
    const { id, slug } = await shop.createTenant()
    await shop.reached(id, 'active')
    const scope = await shop.scopeOf(slug)
    await deleteTenant(scope, graceMs / 1000)
    await eventually(async () => expect((await runsOf(id)).at(-1)).toBe('deleted done'))
    expect(await purge()).toBe(0)

    shop.clock.advance(graceMs)
    const asked = await Promise.all([purge(), purge(), purge()])
    expect(asked.reduce((sum, count) => sum + count)).toBe(1)
    await eventually(async () => expect(await row(id)).toBeNull())
    expect(authentik.plans.at(-1)?.state).toBe('purged')
    const entries = await given.database.client.auditEntry.findMany({ where: { tenantId: id } })
    expect(entries.map(({ action }) => action)).toEqual(
      expect.arrayContaining(['tenant.deletion_requested', 'tenant.purge_begun', 'tenant.purged']),
    )
    expect(await scope.stores.steps.purgeAsked()).toBe(false)
  })

  it('keeps its secrets while the time of grace lasts, and goes after them', async () => {
    const authentik = createService()
    shop.start([authentik])
    const { id, slug } = await shop.createTenant()
    await shop.reached(id, 'active')
    const vaultId = await putSecret(id)
    const blobs = () => given.database.client.vaultBlob.count({ where: { vaultId } })
    await deleteTenant(await shop.scopeOf(slug), graceMs / 1000)
    await eventually(async () => expect((await runsOf(id)).at(-1)).toBe('deleted done'))
    expect(await purge()).toBe(0)
    expect(await blobs()).toBe(1)

    // The vault is away while the services have let go of it: the tenant stays, by which its secrets are found.
    shop.clock.advance(graceMs)
    await purge(new Error('The vault is away'))
    await eventually(async () => expect((await runsOf(id)).at(-1)).toBe('purged done'))
    expect(authentik.plans.at(-1)?.state).toBe('purged')
    expect([(await row(id))?.status, await blobs()]).toEqual(['deleting', 1])

    await Promise.all([purge(), purge()])
    await eventually(async () => expect(await row(id)).toBeNull())
    expect(removed).toContain(vaultId)
    expect(await blobs()).toBe(0)
    expect(await given.database.client.wrappedKey.count({ where: { id: `vault:${vaultId}` } })).toBe(0)
  })

  it('loses no secret by a deletion that is taken back', async () => {
    const { id, slug } = await shop.createTenant()
    const scope = await shop.scopeOf(slug)
    const vaultId = await putSecret(id)
    await deleteTenant(scope, graceMs / 1000)
    const behind = { ...scope, clock: { now: () => new Date(0) } }
    shop.clock.advance(graceMs)
    const [restored] = await Promise.all([refusal(restoreTenant(behind)), purge()])
    const left = await given.database.client.vaultBlob.count({ where: { vaultId } })
    expect(left).toBe(restored === 'done' ? 1 : 0)
  })

  it('stays until the service that failed has let go of it, though another run ends the purge', async () => {
    const authentik = createService()
    const ocis = createService('ocis', 'space')
    const reconciler = shop.start([authentik, ocis])
    const { id, slug } = await shop.createTenant()
    await shop.reached(id, 'active')
    await given.database.client.tenant.update({ where: { id }, data: { approveDeletions: true } })
    await deleteTenant(await shop.scopeOf(slug), graceMs / 1000)
    await eventually(async () => expect((await runsOf(id)).at(-1)).toBe('deleted done'))
    shop.clock.advance(graceMs)
    ocis.fail(new IntegrationError({ service: 'ocis', kind: 'unavailable', message: 'OCIS is away' }))
    await purge()
    await shop.stepReached(id, 'ocis', 'error')
    expect((await row(id))?.status).toBe('deleting')
    expect(await purge()).toBe(0)

    shop.clock.advance(2_000)
    reconciler.look()
    await eventually(async () => expect(await row(id)).toBeNull())
  })

  it('is begun again each hour where a service refused it for good', async () => {
    const ocis = createService('ocis', 'space')
    shop.start([ocis])
    const { id, slug } = await shop.createTenant()
    await shop.reached(id, 'active')
    await deleteTenant(await shop.scopeOf(slug), graceMs / 1000)
    await eventually(async () => expect((await runsOf(id)).at(-1)).toBe('deleted done'))
    shop.clock.advance(graceMs)
    ocis.fail(new IntegrationError({ service: 'ocis', kind: 'rejected', message: 'OCIS refuses' }))
    await purge()
    await shop.stepReached(id, 'ocis', 'error')
    expect(await purge()).toBe(0)
    shop.clock.advance(3_600_000)
    expect(await purge()).toBe(1)
    await eventually(async () => expect(await row(id)).toBeNull())
  })

  it('is either restored or purged where both are asked for at once', async () => {
    const { id, slug } = await shop.createTenant()
    const scope = await shop.scopeOf(slug)
    await deleteTenant(scope, graceMs / 1000)
    // Whose clock is behind may still think that there is time.
    const behind = { ...scope, clock: { now: () => new Date(0) } }
    shop.clock.advance(graceMs)
    const [restored, purged] = await Promise.all([refusal(restoreTenant(behind)), purge()])
    const status = (await row(id))?.status
    if (restored === 'done') expect([status, purged]).toEqual(['pending', 0])
    else expect([status, restored, purged]).toEqual(['deleting', 'tenant.restore_too_late', 1])
    if (purged === 1) expect(await refusal(restoreTenant(behind))).toBe('tenant.restore_too_late')
  })

  it('starts its time of grace anew after it was restored and deleted again', async () => {
    const authentik = createService()
    shop.start([authentik])
    const { id, slug } = await shop.createTenant()
    const scope = await shop.scopeOf(slug)
    await deleteTenant(scope, graceMs / 1000)
    shop.clock.advance(graceMs / 2)
    expect((await restoreTenant(scope)).purgeAt).toBeNull()
    await shop.reached(id, 'active')
    await deleteTenant(scope, graceMs / 1000)
    shop.clock.advance(graceMs / 2)
    expect(await purge()).toBe(0)
    expect((await row(id))?.status).toBe('deleting')
  })
})
