import { beforeAll, expect, it } from 'vitest'
import { systemClock } from '#server/lib/clock'
import { createScopes, type PlatformScope } from '#server/scope'
import { describeEachDatabase } from '../../../tests/harness/databases'
import { admitPerson } from './admit-person'
import { readClaims } from './claims'
import { linkIdentity } from './link-person'
import { auditKey } from '~~/tests/harness/audit'

const rules = { linkByEmail: false, operatorGroup: 'tenantry-operators' }
const claimsOf = (sub: string) =>
  readClaims(
    { sub, email: `${sub}@elsewhere.example` },
    { issuer: 'https://idp.example', groupsClaim: 'groups' },
  )

describeEachDatabase('linkIdentity', (given) => {
  let scope: PlatformScope
  beforeAll(() => {
    scope = createScopes(given.database, systemClock, {
      wake: () => {},
      localAccounts: true,
      auditKey,
    }).platform('test')
  })

  const byHand = (email: string) =>
    scope.stores.users.create({
      email,
      emailVerified: true,
      name: 'By hand',
      platformRole: 'user',
      passwordHash: null,
    })

  it('links to whoever is signed in, and is safe to repeat', async () => {
    const { id } = await byHand('links@example.org')
    const claims = claimsOf('linked')
    const linked = await Promise.all(Array.from({ length: 5 }, () => linkIdentity(scope, id, claims)))
    expect(new Set(linked.map(({ identityId }) => identityId)).size).toBe(1)
    const entries = await given.database.client.auditEntry.findMany({ where: { subjectId: id } })
    expect(entries).toMatchObject([{ action: 'identity.linked', actorId: id, after: { by: 'hand' } }])
    expect(await scope.stores.users.find(id)).toMatchObject({ email: 'links@example.org', name: 'By hand' })
    expect((await admitPerson(scope, claims, rules)).user.id).toBe(id)
  })

  it('takes no identity from anybody else', async () => {
    const claims = claimsOf('owned')
    await admitPerson(scope, claims, rules)
    const { id } = await byHand('thief@example.org')
    const taken = { code: 'auth.identity_taken', status: 409 }
    await expect(linkIdentity(scope, id, claims)).rejects.toMatchObject(taken)
  })

  it('goes to one alone of two who link it at once', async () => {
    const [one, two] = [await byHand('one@example.org'), await byHand('two@example.org')]
    const both = await Promise.allSettled(
      [one, two].map(({ id }) => linkIdentity(scope, id, claimsOf('contested'))),
    )
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    const [refused] = both.flatMap((end) => (end.status === 'rejected' ? [end.reason] : []))
    expect(refused).toMatchObject({ code: 'auth.identity_taken' })
  })

  it('leaves nothing of a deleted user in the way', async () => {
    const claims = claimsOf('left-over')
    const former = await admitPerson(scope, claims, rules)
    await scope.stores.users.erase(former.user.id)
    const { id } = await byHand('inherits@example.org')
    await linkIdentity(scope, id, claims)
    expect((await admitPerson(scope, { ...claims, email: null }, rules)).user.id).toBe(id)
  })

  it('links nobody who may not sign in', async () => {
    const { id } = await byHand('off@example.org')
    await scope.stores.users.update(id, { status: 'disabled' })
    const refused = linkIdentity(scope, id, claimsOf('of-nobody'))
    await expect(refused).rejects.toMatchObject({ code: 'auth.user_disabled' })
  })
})
