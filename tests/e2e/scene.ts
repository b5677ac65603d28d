import { randomBytes, randomUUID } from 'node:crypto'
import pg from 'pg'
import { vi } from 'vitest'
import type { AuthentikFake } from '#server/integrations/authentik/fake'
import { HttpClient } from '../harness/http'
import { startPostgresql, type PostgresqlServer } from '../harness/postgresql'
import { startServer, type BuiltServer, type ServerOptions } from '../harness/server'

export const password = 'correct horse battery staple'
export const email = 'olga@example.org'
export const masterKey = randomBytes(32).toString('base64')

/** Waits for a state, for half a minute at most. */
export const eventually = <Result>(look: () => Promise<Result> | Result): Promise<Result> =>
  vi.waitFor(look, { timeout: 30_000, interval: 50 })

/** What a suite starts, ended by `close`: servers first, in the reverse order of their start. */
export interface Stage {
  readonly postgresql: PostgresqlServer
  /** An empty database of its own; its URL. */
  makeDatabase(): Promise<string>
  /** Starts the built server; a database on PostgreSQL wants `masterKey`, which it is given. */
  serve(env: ServerOptions['env'], options?: Omit<ServerOptions, 'env'>): Promise<BuiltServer>
  close(): Promise<void>
}

/** Starts a PostgreSQL server for one suite. */
export async function openStage(): Promise<Stage> {
  const postgresql = await startPostgresql()
  const servers: BuiltServer[] = []
  return {
    postgresql,
    async makeDatabase() {
      const name = `e2e_${randomUUID().replaceAll('-', '')}`
      await query(postgresql.url, `CREATE DATABASE ${name}`)
      return postgresql.url.replace(/postgres$/, name)
    },
    async serve(env, options) {
      const server = await startServer({ ...options, env: { MASTER_KEY: masterKey, ...env } })
      servers.push(server)
      return server
    },
    async close() {
      for (const server of servers.reverse()) await server.stop()
      await postgresql.stop()
    },
  }
}

/** Asks PostgreSQL on a connection of its own. */
export async function query<Row extends pg.QueryResultRow>(url: string, sql: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<Row>(sql)).rows
  } finally {
    await client.end()
  }
}

/** A browser that nobody has signed in with. */
export const visitorOf = (server: BuiltServer) => new HttpClient(server.url, server.url)

/** The browser of the first operator, who sets the portal up. */
export async function setUp(server: BuiltServer): Promise<HttpClient> {
  const browser = visitorOf(server)
  const { status, text } = await browser.post('/api/setup', { name: 'Olga Operator', email, password })
  if (status !== 201) throw new Error(`Setting up was answered ${status}: ${text}`)
  return browser
}

/** A server on a PostgreSQL database of its own, provisioning into a fake, with its operator's browser. */
export async function serveOnPostgresql(
  stage: Stage,
  authentik: AuthentikFake,
  env: Record<string, string> = {},
) {
  const databaseUrl = await stage.makeDatabase()
  const server = await stage.serve({
    DATABASE_URL: databaseUrl,
    AUTHENTIK_API_URL: authentik.url,
    AUTHENTIK_API_TOKEN: authentik.token,
    ...env,
  })
  return { server, databaseUrl, browser: await setUp(server) }
}

/** The same browser at another server. */
export function browserAt(server: BuiltServer, browser: HttpClient): HttpClient {
  // People use one origin, whatever server answers.
  const other = new HttpClient(server.url, browser.origin)
  other.cookie = browser.cookie
  return other
}

/** An open event stream. */
export interface Stream {
  /** What came until now, as text. */
  text(): string
  /** Resolves when the server ended it, rejects where it was cut. */
  readonly ended: Promise<void>
}

/** Opens a tenant's stream of step changes, and waits for its first bytes. */
export async function openStream(browser: HttpClient, slug: string): Promise<Stream> {
  const response = await fetch(`${browser.url}/api/tenants/${slug}/provisioning/events`, {
    headers: { cookie: browser.cookie ?? '' },
  })
  const reader = response.body?.getReader()
  if (response.status !== 200 || !reader) throw new Error(`The stream was answered ${response.status}`)
  const decoder = new TextDecoder()
  const first = await reader.read()
  let text = decoder.decode(first.value, { stream: true })
  const readOn = async () => {
    for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read())
      text += decoder.decode(value, { stream: true })
  }
  const ended = readOn()
  // Whoever waits for it hears of a cut; whoever does not must not end the process by it.
  ended.catch(() => undefined)
  return { text: () => text, ended }
}

/** What the server has logged, each line parsed. @throws SyntaxError where one is not JSON */
export function logOf(server: BuiltServer): Record<string, unknown>[] {
  return server.linesOf('stdout').map((line) => JSON.parse(line) as Record<string, unknown>)
}
