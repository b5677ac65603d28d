import { newId, newToken, sha256 } from '#server/lib/ids'
import { claimInDatabase, TestMachine } from '../../harness/machine'
import { tenantIdOf, type RowKind } from './row-kind'

/** Machines, tokens, and the services that they act for. */
export const machineRows = {
  /** Reached by its own key alone: tests/api/registration.test.ts. */
  unclaimed: {
    everybodys: true,
    absent: 'identity.not_found',
    async make({ db, fresh }) {
      const [id, handle, now] = [newId(), fresh(), new Date()]
      const did = `did:key:${handle}`
      await db.identity.create({ data: { id, handle, did, keyChangedAt: now, createdAt: now } })
      const read = () => db.identity.findFirst({ where: { id }, select: { did: true, status: true } })
      return { params: { handle }, shownBy: handle, read }
    },
  },
  claim: {
    everybodys: true,
    absent: 'claim.not_found',
    async make({ db, claimTokens, fresh }) {
      const [id, handle, now] = [newId(), fresh(), new Date()]
      const { did } = new TestMachine(handle, 'nobody')
      await db.identity.create({ data: { id, handle, did, keyChangedAt: now, createdAt: now } })
      await db.identityClaim.create({ data: { id: newId(), identityId: id, createdAt: now } })
      const { token } = await claimTokens.issue(id)
      const read = () => db.identity.findFirst({ where: { id }, select: { status: true, tenantId: true } })
      return { params: { token }, shownBy: handle, read }
    },
  },
  machine: {
    absent: 'identity.not_found',
    async make({ db, fresh }, { slug }) {
      const handle = fresh()
      const machine = new TestMachine(handle, 'nobody')
      const { identityId: id } = await claimInDatabase(db, machine, { slug })
      const read = () => db.identity.findFirst({ where: { id }, select: { status: true, version: true } })
      return { params: { handle }, shownBy: handle, read }
    },
  },
  apiToken: {
    absent: 'token.not_found',
    async make({ db, fresh }, { slug }) {
      const [id, name] = [newId(), fresh()]
      const { principalId, tenantId } = await claimInDatabase(db, new TestMachine(name, 'nobody'), { slug })
      const times = { createdAt: new Date(), expiresAt: new Date(Date.now() + 3_600_000) }
      const secret = { tokenHash: sha256(newToken()), ending: 'abcd' }
      await db.apiToken.create({ data: { id, name, principalId, tenantId, ...secret, ...times } })
      const read = () => db.apiToken.findFirst({ where: { id }, select: { revokedAt: true } })
      return { params: { id }, shownBy: id, read }
    },
  },
  service: {
    absent: 'service.not_found',
    async make({ db, fresh }, { slug }) {
      const [id, name, tenantId] = [newId(), fresh(), await tenantIdOf(db, slug)]
      await db.serviceAccount.create({ data: { id, name, tenantId, createdAt: new Date() } })
      const read = () => db.serviceAccount.findFirst({ where: { id }, select: { name: true } })
      return { params: { id }, shownBy: id, read }
    },
  },
} as const satisfies Record<string, RowKind>
