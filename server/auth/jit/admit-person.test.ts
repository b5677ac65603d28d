import { beforeAll, describe, expect, it } from 'vitest'
import { createTenant } from '#server/domain/tenants/tenants'
import { newId } from '#server/lib/ids'
import { createScopes, type PlatformScope } from '#server/scope'
import { describeEachDatabase } from '../../../tests/harness/databases'
import { TestClock } from '../../../tests/harness/portal'
import { admitPerson } from './admit-person'
import type { PersonClaims } from './claims'
import { mostChanges } from './follow-groups'
import { auditKey } from '~~/tests/harness/audit'

const rules = { linkByEmail: false, operatorGroup: 'tenantry-operators' }
const linking = { ...rules, linkByEmail: true }

describeEachDatabase('admitPerson', (given) => {
  const clock = new TestClock()
  const woken: string[] = []
  let scope: PlatformScope
  const db = () => given.database.client
  let people = 0
  const person = (claims: Partial<PersonClaims> = {}): PersonClaims => {
    people += 1
    return {
      issuer: 'https://idp.example',
      subject: `subject-${people}`,
      email: `person-${people}@example.org`,
      emailVerified: true,
      name: `Person ${people}`,
      picture: null,
      locale: null,
      groups: null,
      ...claims,
    }
  }
  const tenant = (slug: string, plan: 'mvp' | 'pro' | 'enterprise' = 'pro') =>
    createTenant(scope, { slug, name: slug, plan, locale: 'en' })
  const member = (slug: string, userId: string) =>
    db().membership.findFirst({ where: { userId, tenant: { slug } }, select: { role: true, source: true } })
  const audited = (subjectId: string, action: string) =>
    db().auditEntry.findMany({ where: { subjectId, action }, orderBy: { id: 'asc' } })
  const session = async (userId: string) =>
    (
      await scope.stores.sessions.of(userId).create({
        userAgent: null,
        address: null,
        method: 'oidc',
        tokenHash: newId(),
        expiresAt: new Date(clock.now().getTime() + 60_000),
      })
    ).id
  const byHand = (email: string, platformRole: 'user' | 'operator' = 'user') =>
    scope.stores.users.create({
      email,
      emailVerified: true,
      name: 'By hand',
      platformRole,
      passwordHash: null,
    })

  beforeAll(() => {
    scope = createScopes(given.database, clock, {
      wake: (id) => void woken.push(id),
      localAccounts: true,
      auditKey,
    }).platform('test')
  })

  describe('the user', () => {
    it('is made the first time, and found again', async () => {
      const claims = person({ picture: 'https://idp.example/p.png', locale: 'de' })
      const first = await admitPerson(scope, claims, rules)
      expect(first).toMatchObject({
        created: true,
        user: {
          email: claims.email,
          name: claims.name,
          picture: claims.picture,
          locale: 'de',
          passwordHash: null,
        },
      })
      const again = await admitPerson(scope, claims, rules)
      expect(again).toMatchObject({
        created: false,
        identityId: first.identityId,
        user: { id: first.user.id },
      })
      expect(again.user.version).toBe(first.user.version)
      expect(await audited(first.user.id, 'user.created')).toHaveLength(1)
      expect(await audited(first.user.id, 'identity.linked')).toHaveLength(1)
      expect(await audited(first.user.id, 'user.claims_followed')).toHaveLength(0)
    })

    it('is one, whoever comes first of twenty at once', async () => {
      await tenant('at-once')
      const claims = person({ groups: ['at-once'] })
      const admitted = await Promise.all(Array.from({ length: 20 }, () => admitPerson(scope, claims, rules)))
      expect(new Set(admitted.map(({ user }) => user.id)).size).toBe(1)
      expect(admitted.filter(({ created }) => created)).toHaveLength(1)
      expect(await db().user.count({ where: { email: claims.email } })).toBe(1)
      expect(await audited(admitted[0]!.user.id, 'member.added')).toHaveLength(1)
    })

    it('is another where issuer or subject is another, also by case', async () => {
      const claims = person({ email: null, subject: 'case' })
      const ids = [
        await admitPerson(scope, claims, rules),
        await admitPerson(scope, { ...claims, subject: 'CASE' }, rules),
        await admitPerson(scope, { ...claims, issuer: 'https://other.example' }, rules),
      ].map(({ user }) => user.id)
      expect(new Set(ids).size).toBe(3)
    })

    it('has a name also where none is claimed', async () => {
      const named = await admitPerson(scope, person({ name: null, email: 'nora@example.org' }), rules)
      expect(named.user.name).toBe('nora')
      const nameless = await admitPerson(scope, person({ name: null, email: null }), rules)
      expect(nameless.user).toMatchObject({ name: 'Unnamed person', email: null })
    })

    it('follows what is claimed later, and keeps what is no longer said', async () => {
      const claims = person({ locale: 'de' })
      const { user } = await admitPerson(scope, claims, rules)
      const moved = {
        ...claims,
        email: 'moved@example.org',
        name: 'Moved',
        locale: null,
        emailVerified: false,
      }
      const after = await admitPerson(scope, moved, rules)
      expect(after.user).toMatchObject({
        id: user.id,
        email: 'moved@example.org',
        name: 'Moved',
        locale: 'de',
      })
      expect((await scope.stores.users.list({ search: 'moved', limit: 5 })).items[0]?.id).toBe(user.id)
      const [entry] = await audited(user.id, 'user.claims_followed')
      expect(entry).toMatchObject({
        before: { email: '(not kept)', name: '(not kept)' },
        after: { email: '(not kept)', name: '(not kept)' },
      })
      const silent = await admitPerson(scope, { ...claims, email: null, name: null, locale: null }, rules)
      expect(silent.user).toMatchObject({ email: 'moved@example.org', name: 'Moved' })
      expect(await scope.stores.identities.find(claims.issuer, claims.subject)).toMatchObject({
        email: 'moved@example.org',
      })
    })

    it('is not let in while disabled, and nothing changes', async () => {
      const claims = person()
      const { user } = await admitPerson(scope, claims, rules)
      await scope.stores.users.update(user.id, { status: 'disabled' })
      const renamed = admitPerson(
        scope,
        { ...claims, name: 'Renamed', groups: ['tenantry-operators'] },
        rules,
      )
      await expect(renamed).rejects.toMatchObject({ code: 'auth.user_disabled', status: 403 })
      expect(await scope.stores.users.find(user.id)).toMatchObject({
        name: claims.name,
        platformRole: 'user',
      })
    })

    it('is somebody new after deletion', async () => {
      const claims = person()
      const { user } = await admitPerson(scope, claims, rules)
      await scope.stores.users.erase(user.id)
      const again = await admitPerson(scope, claims, rules)
      expect(again.created).toBe(true)
      expect(again.user.id).not.toBe(user.id)
      expect(await scope.stores.users.find(user.id)).toMatchObject({ status: 'deleted', email: null })
    })
  })

  describe('an address that somebody has', () => {
    it('links nobody by itself', async () => {
      const claims = person()
      const holder = await byHand(claims.email ?? '')
      await expect(admitPerson(scope, claims, rules)).rejects.toMatchObject({
        code: 'auth.email_taken',
        status: 409,
      })
      await expect(admitPerson(scope, { ...claims, emailVerified: false }, linking)).rejects.toMatchObject({
        code: 'auth.email_taken',
      })
      expect(await db().externalIdentity.count({ where: { userId: holder.id } })).toBe(0)
    })

    it('links where that is allowed and the provider has verified it', async () => {
      const claims = person()
      const holder = await byHand(claims.email ?? '')
      const admitted = await admitPerson(scope, claims, linking)
      expect(admitted).toMatchObject({ created: false, user: { id: holder.id, name: claims.name } })
      expect(await audited(holder.id, 'identity.linked')).toMatchObject([
        { after: { by: 'verified e-mail' } },
      ])
    })

    it('does not hand an account on to whom the provider gave the address next', async () => {
      const claims = person()
      await admitPerson(scope, claims, linking)
      const next = { ...claims, subject: 'next-holder' }
      await expect(admitPerson(scope, next, linking)).rejects.toMatchObject({ code: 'auth.email_taken' })
    })

    it('lets a disabled holder in by no way', async () => {
      const claims = person()
      const { id } = await byHand(claims.email ?? '')
      await scope.stores.users.update(id, { status: 'disabled' })
      await expect(admitPerson(scope, claims, linking)).rejects.toMatchObject({ code: 'auth.user_disabled' })
    })

    it('stays with its holder, and whoever claims it later keeps the former, said once', async () => {
      const claims = person()
      const { user } = await admitPerson(scope, claims, rules)
      const holder = await byHand('holder@example.org')
      const wanting = { ...claims, email: 'holder@example.org', name: 'Renamed' }
      expect((await admitPerson(scope, wanting, linking)).user).toMatchObject({
        email: claims.email,
        name: 'Renamed',
      })
      await admitPerson(scope, wanting, linking)
      expect(await audited(user.id, 'user.email_kept')).toMatchObject([
        { after: { claimed: '(not kept)', holder: holder.id } },
      ])
    })
  })

  describe('groups', () => {
    it('make memberships, and take away what they gave; what was given by hand stays', async () => {
      const [one, two, hand] = [
        await tenant('one-tenant'),
        await tenant('two-tenant'),
        await tenant('by-hand'),
      ]
      const claims = person({ groups: ['one-tenant', 'two-tenant', 'no-such-tenant', 'Two-Tenant', '../x'] })
      const { user } = await admitPerson(scope, claims, rules)
      expect(await member('one-tenant', user.id)).toEqual({ role: 'member', source: 'idp' })
      expect(woken).toEqual(expect.arrayContaining([one.id, two.id]))
      expect(
        await db().auditEntry.findMany({ where: { tenantId: one.id, action: 'member.added' } }),
      ).toMatchObject([{ actorKind: 'system', subjectId: user.id, after: { role: 'member', source: 'idp' } }])
      expect(await db().provisioningRun.count({ where: { tenantId: one.id, cause: 'changed' } })).toBe(1)

      await scope.stores.ofTenant(hand.id).members.add(user.id, 'admin', 'manual')
      await admitPerson(scope, { ...claims, groups: ['two-tenant', 'by-hand'] }, rules)
      expect(await member('one-tenant', user.id)).toBeNull()
      expect(await member('two-tenant', user.id)).toEqual({ role: 'member', source: 'idp' })
      await admitPerson(scope, { ...claims, groups: null }, rules)
      expect(await member('two-tenant', user.id)).not.toBeNull()
      await admitPerson(scope, { ...claims, groups: [] }, rules)
      expect(await member('two-tenant', user.id)).toBeNull()
      expect(await member('by-hand', user.id)).toEqual({ role: 'admin', source: 'manual' })
    })

    it('change nothing and wake nobody where nothing changed', async () => {
      const { id } = await tenant('unchanged')
      const claims = person({ groups: ['unchanged'] })
      await admitPerson(scope, claims, rules)
      woken.length = 0
      const entries = await db().auditEntry.count()
      await admitPerson(scope, claims, rules)
      expect(woken).toEqual([])
      expect(await db().auditEntry.count()).toBe(entries)
      expect(await db().provisioningRun.count({ where: { tenantId: id, cause: 'changed' } })).toBe(1)
    })

    it('add nobody beyond the seats, at once either, and say so once a day', async () => {
      const { id } = await tenant('small', 'mvp')
      const everybody = Array.from({ length: 8 }, () => person({ groups: ['small'] }))
      const admitted = await Promise.all(everybody.map((claims) => admitPerson(scope, claims, rules)))
      expect(admitted).toHaveLength(8)
      expect(await db().membership.count({ where: { tenantId: id } })).toBe(5)
      const turnedAway = { tenantId: id, action: 'member.not_added' }
      expect(await db().auditEntry.count({ where: turnedAway })).toBe(3)
      for (const claims of everybody) await admitPerson(scope, claims, rules)
      expect(await db().auditEntry.count({ where: turnedAway })).toBe(3)
      clock.advance(90_000)
      for (const claims of everybody) await admitPerson(scope, claims, rules)
      expect(await db().auditEntry.count({ where: turnedAway })).toBe(6)
    })

    it('count by each of their letters, and what looks like a slug or the operators’ group is neither', async () => {
      await tenant('paypal')
      const alike = [
        // Cyrillic, full width, with a mark or joiner, in capitals, with spaces, decomposed, by a path.
        ...['p\u0430ypal', '\uff50aypal', 'paypal\u200d', '\ufeffpaypal', 'PayPal', 'paypal ', 'paypal\n'],
        ...['payp\u0061\u0301l', 'paypal/', '/paypal', 'paypal,admin', 'role:paypal'],
        ...[
          'tenantry-operator\u0455',
          'Tenantry-Operators',
          ' tenantry-operators',
          'tenantry\u2010operators',
        ],
      ]
      const { user } = await admitPerson(scope, person({ groups: alike }), rules)
      expect(user.platformRole).toBe('user')
      expect(await db().membership.count({ where: { userId: user.id } })).toBe(0)
      const known = await admitPerson(scope, person({ groups: [...alike, 'paypal'] }), rules)
      expect(await db().membership.count({ where: { userId: known.user.id } })).toBe(1)
    })

    it('do not take the last owner away', async () => {
      const { id } = await tenant('owned')
      const claims = person({ groups: ['owned'] })
      const { user } = await admitPerson(scope, claims, rules)
      const { members } = scope.stores.ofTenant(id)
      await members.setRole(user.id, 'owner')
      await admitPerson(scope, { ...claims, groups: [] }, rules)
      await admitPerson(scope, { ...claims, groups: [] }, rules)
      expect(await member('owned', user.id)).toEqual({ role: 'owner', source: 'idp' })
      expect(await audited(user.id, 'member.kept')).toHaveLength(1)
      await members.add((await byHand('second-owner@example.org')).id, 'owner', 'manual')
      await admitPerson(scope, { ...claims, groups: [] }, rules)
      expect(await member('owned', user.id)).toBeNull()
    })

    it('add nobody to a tenant that is being deleted', async () => {
      const { id } = await tenant('leaving')
      await scope.stores.ofTenant(id).tenant.update({ status: 'deleting' })
      const { user } = await admitPerson(scope, person({ groups: ['leaving'] }), rules)
      expect(await member('leaving', user.id)).toBeNull()
    })

    it('may be ten thousand', async () => {
      await tenant('among-many')
      const groups = Array.from({ length: 9_999 }, (_, n) => `group-${n}`)
      const { user } = await admitPerson(scope, person({ groups: [...groups, 'among-many'] }), rules)
      expect(await member('among-many', user.id)).toEqual({ role: 'member', source: 'idp' })
    })

    it('may be more tenants than change in one transaction', async () => {
      const slugs = Array.from({ length: mostChanges + 10 }, (_, n) => `of-many-${n}`)
      for (const slug of slugs) await tenant(slug)
      const claims = person({ groups: slugs })
      const { user, created } = await admitPerson(scope, claims, rules)
      expect(created).toBe(true)
      expect(await db().membership.count({ where: { userId: user.id } })).toBe(slugs.length)
      await admitPerson(scope, { ...claims, groups: [] }, rules)
      expect(await db().membership.count({ where: { userId: user.id } })).toBe(0)
    }, 60_000)
  })

  describe('the operator group', () => {
    const operators = ['tenantry-operators']

    it('makes an operator, and takes that away, each time with the sessions', async () => {
      await byHand('stays@example.org', 'operator')
      const claims = person({ groups: [] })
      const { user } = await admitPerson(scope, claims, rules)
      await session(user.id)
      const made = await admitPerson(scope, { ...claims, groups: operators }, rules)
      expect(made.user).toMatchObject({ platformRole: 'operator', roleSource: 'idp' })
      expect(await db().session.count({ where: { userId: user.id } })).toBe(0)
      await session(user.id)
      await admitPerson(scope, { ...claims, groups: null }, rules)
      await admitPerson(scope, { ...claims, groups: operators }, rules)
      expect(await db().session.count({ where: { userId: user.id } })).toBe(1)
      const taken = await admitPerson(scope, { ...claims, groups: ['Tenantry-Operators'] }, rules)
      expect(taken.user).toMatchObject({ platformRole: 'user', roleSource: 'manual' })
      expect(await db().session.count({ where: { userId: user.id } })).toBe(0)
      expect(await audited(user.id, 'user.updated')).toHaveLength(2)
    })

    it('does not take away what was given by hand', async () => {
      const claims = person({ groups: [] })
      const { user } = await admitPerson(scope, claims, rules)
      await scope.stores.users.update(user.id, { platformRole: 'operator' })
      expect((await admitPerson(scope, { ...claims, groups: [] }, rules)).user.platformRole).toBe('operator')
    })

    it('makes nobody an operator where it has no name', async () => {
      const unnamed = { ...rules, operatorGroup: '' }
      expect((await admitPerson(scope, person({ groups: [''] }), unnamed)).user.platformRole).toBe('user')
    })

    it('keeps the last operator, said once', async () => {
      const claims = person({ groups: operators })
      const { user } = await admitPerson(scope, claims, rules)
      await db().user.updateMany({ where: { id: { not: user.id } }, data: { platformRole: 'user' } })
      await admitPerson(scope, { ...claims, groups: [] }, rules)
      const kept = await admitPerson(scope, { ...claims, groups: [] }, rules)
      expect(kept.user).toMatchObject({ platformRole: 'operator', roleSource: 'idp' })
      expect(await audited(user.id, 'user.operator_kept')).toHaveLength(1)
    })

    it('leaves one of two who lose it at once', async () => {
      await db().user.updateMany({ data: { platformRole: 'user' } })
      const two = [person({ groups: operators }), person({ groups: operators })]
      for (const claims of two) await admitPerson(scope, claims, rules)
      await Promise.all(two.map((claims) => admitPerson(scope, { ...claims, groups: [] }, rules)))
      expect(await scope.stores.users.countActiveOperators()).toBe(1)
    })
  })
})
