import { newId } from '#server/lib/ids'
import { makeMember, ok, tenantIdOf, type RowKind } from './row-kind'

const drift: RowKind = {
  absent: 'drift.not_found',
  async make({ db, fresh }, { slug }) {
    const [id, tenantId, now] = [newId(), await tenantIdOf(db, slug), new Date()]
    const thing = { kind: 'group', name: fresh(), thing: fresh(), what: 'missing' } as const
    const seen = { service: 'authentik', step: 'group', firstSeenAt: now, lastSeenAt: now } as const
    await db.resourceDrift.create({ data: { id, tenantId, ...thing, ...seen } })
    const read = () => db.resourceDrift.findFirst({ where: { id }, select: { status: true } })
    return { params: { id }, shownBy: id, read }
  },
}

/** Rows of a tenant that its people see to. */
export const tenantRows = {
  member: {
    absent: 'member.not_found',
    async make(means, owner) {
      const { db } = means
      const userId = await makeMember(means, owner)
      const of = { tenant: { slug: owner.slug }, userId }
      const read = () => db.membership.findFirst({ where: of, select: { role: true, version: true } })
      return { params: { userId }, shownBy: userId, read }
    },
  },
  domain: {
    absent: 'domain.not_found',
    async make({ db, boss, names, fresh }, { slug }) {
      const name = `${fresh()}.example`
      const { challenge } = ok(await boss.post(`/api/tenants/${slug}/domains`, { name })).json
      names.setText(challenge.name, challenge.value)
      const of = { tenant: { slug }, name }
      const read = () => db.domain.findFirst({ where: of, select: { verifiedAt: true, checkedAt: true } })
      return { params: { name }, shownBy: name, read }
    },
  },
  drift,
  anyDrift: { ...drift, everybodys: true },
  export: {
    absent: 'export.not_found',
    async make({ db }, { slug }) {
      const [id, tenantId, now] = [newId(), await tenantIdOf(db, slug), new Date()]
      const parts = { create: { number: 1, kind: 'members', records: [{ of: slug }] } }
      await db.tenantExport.create({ data: { id, tenantId, createdAt: now, completedAt: now, parts } })
      const read = () => db.tenantExport.findFirst({ where: { id }, select: { completedAt: true } })
      return { params: { id }, shownBy: id, read }
    },
  },
  receipt: {
    absent: 'receipt.not_found',
    async make({ db }, { slug, userId }) {
      const [id, tenantId, now] = [newId(), await tenantIdOf(db, slug), new Date()]
      await db.accessReceipt.create({ data: { id, tenantId, userId, askedAt: now, completedAt: now } })
      const read = () => db.accessReceipt.findFirst({ where: { id }, select: { completedAt: true } })
      return { params: { id }, shownBy: id, read }
    },
  },
  invitation: {
    absent: 'invitation.not_found',
    async make({ db, boss, fresh }, { slug }) {
      const body = { email: `${fresh()}@example.org`, role: 'member' }
      const { id } = ok(await boss.post(`/api/tenants/${slug}/invitations`, body)).json
      const read = () => db.invitation.findFirst({ where: { id }, select: { tokenHash: true, sentAt: true } })
      return { params: { id }, shownBy: id, read }
    },
  },
  run: {
    absent: 'run.not_found',
    async make({ db }, { slug }) {
      const { id } = await db.provisioningRun.findFirstOrThrow({ where: { tenant: { slug } } })
      const read = () => db.provisioningRun.findFirst({ where: { id }, select: { cause: true } })
      return { params: { runId: id }, shownBy: id, read }
    },
  },
} as const satisfies Record<string, RowKind>
