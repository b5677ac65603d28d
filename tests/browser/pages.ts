import { createTenant, createUser, openPortal, setUp, type BrowserPortal, type Visit } from './portal'

/** Every page that an operator has, with what shows that it is all there. */
export const operatorPages: { path: string; shows: string }[] = [
  { path: '/', shows: 'My tenants' },
  { path: '/account', shows: 'Sessions' },
  { path: '/tenants/acme', shows: 'About' },
  { path: '/tenants/acme/members', shows: 'Carol Danvers' },
  { path: '/tenants/acme/members?search=zzz', shows: 'Nobody found' },
  { path: '/tenants/acme/domains', shows: 'No domain yet' },
  { path: '/tenants/acme/provisioning', shows: 'History' },
  { path: '/tenants/acme/drift', shows: 'Nothing drifted' },
  { path: '/tenants/acme/machines', shows: 'No machine yet' },
  { path: '/tenants/acme/vault', shows: 'Nothing in this vault yet' },
  { path: '/tenants/acme/vault/unknown', shows: 'There is no such vault' },
  { path: `/claims/${'A'.repeat(43)}`, shows: 'This link is over' },
  { path: '/tenants/acme/connections', shows: 'The platform’s' },
  { path: '/tenants/failing/plan', shows: 'It could not be looked at' },
  { path: '/tenants/acme/audit', shows: 'Tenant created' },
  { path: '/tenants/acme/settings', shows: 'Lifecycle' },
  { path: '/tenants/leaving', shows: 'This tenant is going to be deleted' },
  { path: '/tenants/failing/provisioning', shows: 'Next attempt' },
  { path: '/operator/tenants', shows: 'Every tenant of this portal.' },
  { path: '/operator/tenants?search=zzz', shows: 'No tenant found' },
  { path: '/operator/tenants?status=archived', shows: 'No tenant is in this state.' },
  { path: '/operator/board', shows: 'Next attempt' },
  { path: '/operator/board/comparisons', shows: 'Of all tenants with all services' },
  { path: '/operator/users', shows: 'Everybody who can sign in' },
  { path: '/operator/audit', shows: 'Everything that was done' },
  { path: '/operator/settings', shows: 'Name of the portal' },
  { path: '/tenants/unknown', shows: 'There is nothing here' },
]

/** What everybody may open. */
export const publicPages: typeof operatorPages = [
  { path: '/login', shows: 'Sign in to' },
  { path: '/auth/expired?returnTo=/account', shows: 'Your session has ended' },
  { path: '/auth/disabled', shows: 'Your account is disabled' },
  { path: '/invitation', shows: 'This invitation is over' },
  { path: '/auth/forgot', shows: 'Forgotten password' },
  { path: '/auth/reset', shows: 'This link can’t be used any more' },
  { path: '/nowhere', shows: 'There is nothing here' },
]

const longName = 'Consolidated International Holdings of the Northern and Southern Regions'

/** A portal with something on every page, also what is long, what failed and what is to be deleted. */
export async function furnishedPortal(): Promise<{ portal: BrowserPortal; boss: Visit }> {
  const portal = await openPortal()
  const boss = await setUp(portal)
  await createTenant(boss, longName, 'acme')
  await createTenant(boss, 'Leaving', 'leaving')
  await boss.call('DELETE', '/api/tenants/leaving')
  await createUser(boss, 'Bob Builder', 'bob@example.org')
  await createUser(
    boss,
    'Carol Danvers',
    'carol.with.a.very.long.address.indeed@subdomain.department.example.org',
  )
  const carol = {
    email: 'carol.with.a.very.long.address.indeed@subdomain.department.example.org',
    role: 'admin',
  }
  await boss.call('POST', '/api/tenants/acme/members', carol)

  portal.authentik.faults.add({ kind: 'answer', status: 503, body: '<h1>no</h1>', times: 'always' })
  await boss.call('POST', '/api/tenants', { name: 'Failing', slug: 'failing' })
  return { portal, boss }
}
