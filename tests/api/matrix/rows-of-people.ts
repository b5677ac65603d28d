import { newId, newToken, sha256 } from '#server/lib/ids'
import type { RowKind } from './row-kind'

/** Rows of a person. */
export const personRows = {
  session: {
    absent: 'session.not_found',
    async make({ db }, { userId }) {
      const [id, now] = [newId(), new Date()]
      const times = { createdAt: now, lastSeenAt: now, expiresAt: new Date(now.getTime() + 3_600_000) }
      await db.session.create({ data: { id, userId, tokenHash: sha256(newToken()), ...times } })
      const read = () => db.session.findFirst({ where: { id }, select: { tokenHash: true } })
      return { params: { id, sessionId: id }, shownBy: id, read }
    },
  },
  passkey: {
    absent: 'passkey.not_found',
    async make({ db }, { userId }) {
      const id = newId()
      const key = { credentialId: newToken(), publicKey: 'k', counter: 0n, transports: [], synced: false }
      await db.passkey.create({ data: { id, userId, name: 'Laptop', createdAt: new Date(), ...key } })
      const read = () => db.passkey.findFirst({ where: { id }, select: { name: true } })
      return { params: { id }, shownBy: id, read }
    },
  },
  identity: {
    absent: 'identity.not_found',
    async make({ db, fresh }, { userId }) {
      const [id, now] = [newId(), new Date()]
      const who = { issuer: 'https://id.example.org', subject: fresh() }
      await db.externalIdentity.create({ data: { id, userId, ...who, createdAt: now, lastUsedAt: now } })
      const read = () => db.externalIdentity.findFirst({ where: { id }, select: { subject: true } })
      return { params: { id }, shownBy: id, read }
    },
  },
} as const satisfies Record<string, RowKind>
