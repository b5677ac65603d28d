import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createPasswords } from '#server/auth/passwords/passwords'
import { loadConfig } from '#server/config/config'
import { createContainer, type Container } from '#server/container'
import type { Clock } from '#server/lib/clock'
import { createLog, type Log } from '#server/lib/log'
import type { StepPlanner } from '#server/provisioning/step-planner.port'
import { HttpClient, serveRoutes } from './http'

/** The whole server but Nuxt, on a database of the test's own. */
export interface Portal {
  container: Container
  /** A browser that nobody has signed in with. */
  browser(): HttpClient
  /** A browser signed in as somebody; made by the operator where there is no such user. */
  signedIn(who: { email: string; operator?: boolean }): Promise<HttpClient>
  /** The first operator's browser; sets the portal up where nobody has. */
  operator(): Promise<HttpClient>
  close(): Promise<void>
}

export const password = 'correct horse battery staple'
export const operatorEmail = 'olga@example.org'

/** Hashes are made by the thousand: what they cost is seen where passwords are tested. */
const cheap = { memoryCost: 1024, timeCost: 2, parallelism: 1 }

/** A clock that a test moves by hand; it starts now. */
export class TestClock implements Clock {
  #moment = new Date()
  now = () => new Date(this.#moment)
  advance(seconds: number) {
    this.#moment = new Date(this.#moment.getTime() + seconds * 1000)
  }
}

/** @param env variables beside DATABASE_URL */
export async function startPortal(
  databaseUrl: string,
  options: { env?: Record<string, string>; clock?: Clock; log?: Log; planners?: StepPlanner[] } = {},
): Promise<Portal> {
  const dataDir = mkdtempSync(join(tmpdir(), 'tenantry-data-'))
  const config = loadConfig({
    DATA_DIR: dataDir,
    DATABASE_URL: databaseUrl,
    MASTER_KEY: Buffer.alloc(32, 1).toString('base64'),
    PUBLIC_URL: 'http://localhost:3000',
    ...options.env,
  })
  const container = await createContainer(config, {
    log: createLog('silent'),
    passwords: createPasswords(cheap),
    ...options,
  })
  const http = await serveRoutes(container)
  const browser = () => new HttpClient(http.url, config.publicUrl)

  const expectStatus = (answer: { status: number; text: string }, ...wanted: number[]) => {
    if (!wanted.includes(answer.status)) throw new Error(`Answered ${answer.status}: ${answer.text}`)
  }
  const signIn = async (email: string) => {
    const client = browser()
    expectStatus(await client.post('/api/auth/login', { email, password }), 200)
    return client
  }
  const operator = async () => {
    const client = browser()
    const setUp = await client.post('/api/setup', { name: 'Olga Operator', email: operatorEmail, password })
    expectStatus(setUp, 201, 409)
    return setUp.status === 201 ? client : signIn(operatorEmail)
  }
  return {
    container,
    browser,
    operator,
    async signedIn({ email, operator: isOperator }) {
      const boss = await operator()
      const platformRole = isOperator ? 'operator' : 'user'
      const created = await boss.post('/api/users', {
        email,
        name: email.split('@')[0],
        password,
        platformRole,
      })
      expectStatus(created, 201, 409)
      return signIn(email)
    },
    async close() {
      container.drain.abort()
      await Promise.all([container.reconciler.stop(), container.sweeper.stop()])
      await http.close()
      await container.close()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}
