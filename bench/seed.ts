import { Client, password } from './client.ts'
import type { Engine, Engines } from './databases.ts'
import { startServer, type Server } from './servers.ts'

const tenantCount = 200
const ownTenants = 20

/** A database with 200 tenants, and a person who is a member of 20 of them. */
export interface SeededDatabase {
  readonly engine: Engine
  readonly url: string
  readonly memberId: string
  /** The member's session. */
  readonly cookie: string
  /** An operator's session. */
  readonly operatorCookie: string
}

interface Created {
  id: string
  slug: string
}

/** Fills a new database through Tenantry's own API. */
export async function seedDatabase(engine: Engine, { folder }: Engines): Promise<SeededDatabase> {
  const url = await engine.create('seeded')
  const server = await startServer('tenantry', { databaseUrl: url, folder })
  try {
    const operator = await setUp(server)
    const tenants = await createTenants(operator, tenantCount)
    const email = 'mia@example.org'
    const member = (await operator.send('POST', '/api/users', { email, name: 'Mia', password })) as Created
    for (const { slug } of tenants.slice(0, ownTenants))
      await operator.send('POST', `/api/tenants/${slug}/members`, { email, role: 'member' })
    await settled(operator)
    const browser = new Client(server)
    await browser.send('POST', '/api/auth/login', { email, password })
    return { engine, url, memberId: member.id, cookie: browser.cookie, operatorCookie: operator.cookie }
  } finally {
    await server.stop()
  }
}

/** @returns the first operator, signed in */
export async function setUp(server: Server): Promise<Client> {
  await server.firstAnswer('/health')
  const operator = new Client(server)
  await operator.send('POST', '/api/setup', { name: 'Olga', email: 'olga@example.org', password })
  return operator
}

/** Creates tenants, eight at a time. */
export async function createTenants(operator: Client, count: number): Promise<Created[]> {
  const created: Created[] = []
  let next = 1
  const createMore = async () => {
    while (next <= count) {
      const number = next++
      const tenant = { slug: `tenant-${number}`, name: `Tenant ${number}` }
      created.push((await operator.send('POST', '/api/tenants', tenant)) as Created)
    }
  }
  await Promise.all(Array.from({ length: 8 }, createMore))
  return created
}

/** Waits until no tenant is pending any more. */
export async function settled(operator: Client): Promise<void> {
  for (;;) {
    const page = (await operator.send('GET', '/api/tenants?status=pending&limit=1')) as { items: unknown[] }
    if (page.items.length === 0) return
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
}
