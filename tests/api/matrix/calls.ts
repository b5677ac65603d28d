import { systemClock } from '#server/lib/clock'
import type { DatabaseClient } from '#server/storage/database'
import { Authenticator } from '../../harness/authenticator'
import { codesOf, setUpApp } from '../../harness/factors'
import type { HttpClient } from '../../harness/http'
import { password } from '../../harness/portal'
import type { RowMeans } from './row-kind'
import { personRows } from './rows-of-people'

/** Who calls, and in which tenant. */
export interface CallMeans extends RowMeans {
  browser: HttpClient
  userId: string
  slug: string
  /** An OpenID provider that can be asked. */
  issuer: string
  /** An address of somebody who is a member of no tenant. */
  spareEmail(): Promise<string>
}

/** Prepares a call by somebody who may make it, so that it does what it is for. @returns its body, if it has one */
type Prepared = (means: CallMeans) => unknown

/** As if they had never set one up; the session is left as it is. */
async function withoutFactors(db: DatabaseClient, userId: string): Promise<void> {
  const where = { where: { userId } }
  await db.totpFactor.deleteMany(where)
  await db.passkey.deleteMany(where)
  await db.recoveryCode.deleteMany(where)
}

/** Calls that need more than what their path names. */
export const calls: Record<string, Prepared> = {
  'DELETE /api/users/me/second-factor/totp': async ({ db, browser, userId }) => {
    await withoutFactors(db, userId)
    await setUpApp(browser, systemClock)
  },
  'DELETE /api/users/me/passkeys/:id': ({ db, userId }) => withoutFactors(db, userId),
  'PATCH /api/settings': () => ({ portalName: 'Matrix' }),
  'PATCH /api/settings/oidc': () => ({ groupsClaim: 'groups' }),
  'PATCH /api/subscriptions/:slug': () => ({ plan: 'pro' }),
  'PATCH /api/tenants/:slug': () => ({ name: 'Another name' }),
  'PATCH /api/tenants/:slug/identities/:handle': () => ({ scopes: ['tenant:read'] }),
  'PATCH /api/tenants/:slug/members/:userId': () => ({ role: 'member' }),
  'PATCH /api/tenants/:slug/subscription': () => ({ plan: 'pro' }),
  'PATCH /api/users/:id': () => ({ name: 'Another name' }),
  'PATCH /api/users/me/passkeys/:id': () => ({ name: 'Another name' }),
  'PATCH /api/users/me/password': () => ({ currentPassword: password, newPassword: password }),
  'PATCH /api/users/me/profile': () => ({ locale: 'en' }),
  'POST /api/auth/step-up': async ({ db, userId }) => {
    await withoutFactors(db, userId)
    return { password }
  },
  // Of a tenant in which they are more than a member.
  'POST /api/claims/:token/accept': async ({ db, boss, fresh, userId }) => {
    const slug = fresh()
    await boss.post('/api/tenants', { slug, name: 'Of the claim', plan: 'pro' })
    const { email } = await db.user.findUniqueOrThrow({ where: { id: userId } })
    await boss.post(`/api/tenants/${slug}/members`, { email, role: 'admin' })
    return { tenant: slug }
  },
  'POST /api/audit/verify': () => ({}),
  'POST /api/operator/retry': () => ({ service: 'authentik' }),
  'POST /api/settings/oidc/test': ({ issuer }) => ({ issuer }),
  'PUT /api/vaults/:id/entries/:service/:name': () => ({ value: 'another' }),
  'PUT /api/tenants/:slug/connections/:service': () => ({
    apiUrl: 'https://93.184.216.34',
    credential: { kind: 'token', token: 'a-token' },
  }),
  // Nothing listens there, which is an answer too.
  'POST /api/tenants/:slug/connections/:service/test': () => ({
    apiUrl: 'http://127.0.0.1:9',
    credential: { kind: 'token', token: 'a-token' },
  }),
  'POST /api/tenants/:slug/vaults': ({ fresh }) => ({ handle: fresh() }),
  'POST /api/tenants': ({ fresh }) => ({ slug: fresh(), name: 'Spare' }),
  'POST /api/tenants/:slug/api-tokens': () => ({ name: 'Spare', scopes: ['tenant:read'], expiresInDays: 1 }),
  'POST /api/tenants/:slug/domains': ({ fresh }) => ({ name: `${fresh()}.example.org` }),
  'POST /api/tenants/:slug/invitations': ({ fresh }) => ({ email: `${fresh()}@example.org`, role: 'member' }),
  'POST /api/tenants/:slug/members': async ({ spareEmail }) => ({
    email: await spareEmail(),
    role: 'member',
  }),
  'POST /api/tenants/:slug/restore': async ({ boss, slug }) => {
    await boss.delete(`/api/tenants/${slug}`)
  },
  'POST /api/users': ({ fresh }) => ({ email: `${fresh()}@example.org`, name: 'Spare' }),
  'POST /api/users/me/passkeys': async ({ db, browser, userId }) => {
    await withoutFactors(db, userId)
    const options = (await browser.post('/api/users/me/passkeys/options')).json
    return { name: 'Laptop', passkey: new Authenticator('http://localhost:3000').register(options) }
  },
  'POST /api/users/me/second-factor/recovery-codes': async (means) => {
    await withoutFactors(means.db, means.userId)
    await personRows.passkey.make(means, means)
  },
  'POST /api/users/me/second-factor/totp': ({ db, userId }) => withoutFactors(db, userId),
  'POST /api/users/me/second-factor/totp/confirm': async ({ db, browser, userId }) => {
    await withoutFactors(db, userId)
    const { secret } = (await browser.post('/api/users/me/second-factor/totp')).json
    return { code: codesOf(secret, systemClock).at() }
  },
}
