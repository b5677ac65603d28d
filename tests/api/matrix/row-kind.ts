import type { DatabaseClient } from '#server/storage/database'
import type { ClaimTokens } from '#server/identities/claim-tokens'
import type { HttpClient } from '../../harness/http'
import type { NameServer } from '../../harness/name-server'

/** What rows are made with. */
export interface RowMeans {
  db: DatabaseClient
  /** The first operator's browser. */
  boss: HttpClient
  /** Whom domains are looked up at. */
  names: NameServer
  claimTokens: ClaimTokens
  /** A word that no other row has. */
  fresh(): string
}

/** Whose a row is: a tenant's, or a person's. */
export interface Owner {
  slug: string
  userId: string
}

/** What a path names beside the tenant, and is there. */
export interface Row {
  /** The path's parameters. */
  params: Record<string, string>
  /** By which a list shows it. */
  shownBy: string
  /** What of it may change by a call, read anew; null: it is gone. */
  read(): Promise<unknown>
}

export interface RowKind {
  /** Whoever may call is let to everybody's: nothing is another's. */
  everybodys?: true
  /** What is said of one that is another's. */
  absent: string
  make(means: RowMeans, owner: Owner): Promise<Row>
}

/** @returns the id of the tenant of a slug */
export const tenantIdOf = async (db: DatabaseClient, slug: string) =>
  (await db.tenant.findUniqueOrThrow({ where: { slug }, select: { id: true } })).id

/** An answer that is right, else an error that shows it. */
export function ok<Answer extends { status: number; text: string }>(answer: Answer): Answer {
  if (answer.status >= 300) throw new Error(`Answered ${answer.status}: ${answer.text}`)
  return answer
}

/** Somebody whom the operator made a member. @returns their id */
export async function makeMember({ boss, fresh }: RowMeans, { slug }: Owner): Promise<string> {
  const email = `${fresh()}@example.org`
  const { id } = ok(await boss.post('/api/users', { email, name: 'Spare member' })).json
  ok(await boss.post(`/api/tenants/${slug}/members`, { email, role: 'member' }))
  return id
}
