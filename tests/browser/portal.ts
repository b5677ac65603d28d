import type { BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { startAuthentikFake, type AuthentikFake } from '#server/integrations/authentik/fake'
import { startAlternating, type Alternating } from '../harness/alternating'
import { launchChromium } from '../harness/chromium'
import { startServer, type BuiltServer, type ServerOptions } from '../harness/server'
import { startGate, type Gate } from '../harness/gate'
import { witness } from './evidence'
import type { Line } from './line'

export const password = 'correct horse battery staple'
export const operator = { name: 'Ada Lovelace', email: 'ada@example.org' }

type Served = Pick<BuiltServer, 'url' | 'logs' | 'stop' | 'restart'>

/** The built server, an Authentik for it, and a Chromium to look at it with. */
export interface BrowserPortal<Server extends Served = BuiltServer> {
  server: Server
  authentik: AuthentikFake
  /** Before Authentik; open at first. */
  gate: Gate
  /** A browser of its own, which nobody has signed in with. */
  visit(options?: BrowserContextOptions): Promise<Visit>
  close(): Promise<void>
}

/** One browser, as a person has it. */
export interface Visit {
  context: BrowserContext
  page: Page
  /** What the browser's console complained of, without the network's own lines. */
  complaints: string[]
  /** Opens a path, and waits until the page is live. */
  open(path: string): Promise<number>
  /** Calls the API with this browser's session. */
  call(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<unknown>
  /** Signs in by the API. */
  signIn(email: string): Promise<void>
}

type StartOptions = Pick<ServerOptions, 'env' | 'host'>
type PortalOptions = StartOptions & { line?: Line }

/**
 * @param options.env variables for the server, beside the fake's
 * @param options.line by which browsers reach it; stopped with it
 */
export function openPortal(options: PortalOptions = {}): Promise<BrowserPortal> {
  return openWith(options, startServer)
}

/** Two replicas on PostgreSQL and Redis, which browsers reach in turn: no journey may need the same one twice. */
export function openReplicatedPortal(
  options: PortalOptions = {},
): Promise<BrowserPortal<Served & Pick<Alternating, 'databaseUrl' | 'replicas' | 'redis'>>> {
  return openWith(options, async (server) => {
    const alternating = await startAlternating({ ...server, withRedis: true })
    const { url, databaseUrl, replicas, redis, stop, end, restart } = alternating
    return {
      ...{ url, databaseUrl, replicas, redis },
      logs: () => replicas.flatMap((replica) => replica.logs()),
      stop: () => stop().then(() => null),
      // One after the other, as it is done where people are at work.
      async restart(env) {
        for (const which of [0, 1] as const) {
          await end(which)
          await restart(which, env)
        }
      },
    }
  })
}

/**
 * Where people who sign in are followed: whole on replicas, and on SQLite what is read and written once more. What a
 * page looks like is the same in both.
 */
export const places: readonly {
  place: string
  open: (options?: PortalOptions) => Promise<BrowserPortal<Served>>
  isWhole: boolean
}[] = [
  { place: 'two replicas in turn, on PostgreSQL and Redis', open: openReplicatedPortal, isWhole: true },
  { place: 'one process on SQLite', open: openPortal, isWhole: false },
]

async function openWith<Server extends Served>(
  { line, ...options }: PortalOptions,
  start: (options: StartOptions) => Promise<Server>,
): Promise<BrowserPortal<Server>> {
  const authentik = await startAuthentikFake()
  const gate = await startGate(authentik.url)
  const server = await start({
    ...options,
    env: {
      ...{ AUTHENTIK_API_URL: gate.url, AUTHENTIK_API_TOKEN: authentik.token },
      ...(line && { PUBLIC_URL: line.url }),
      ...options.env,
    },
  })
  line?.leadTo(server.url)
  const url = line?.url ?? server.url
  const browser = await launchChromium()
  return {
    server,
    authentik,
    gate,
    async visit(contextOptions) {
      const context = await browser.newContext({
        baseURL: url,
        reducedMotion: 'reduce',
        ...contextOptions,
      })
      context.setDefaultTimeout(30_000)
      const visit = await visitWith(context, url)
      witness({ ...visit, logs: () => server.logs() })
      return visit
    },
    async close() {
      await browser.close()
      await server.stop()
      await line?.stop()
      await gate.stop()
      await authentik.stop()
    },
  }
}

async function visitWith(context: BrowserContext, url: string): Promise<Visit> {
  const complaints: string[] = []
  context.on('weberror', (error) => complaints.push(error.error().message))
  context.on('console', (message) => {
    const isComplaint = ['error', 'warning'].includes(message.type())
    if (isComplaint && !message.text().startsWith('Failed to load resource')) complaints.push(message.text())
  })
  const page = await context.newPage()

  async function call(method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await context.request.fetch(path, { method, data: body, headers: { origin: url } })
    if (!answer.ok()) throw new Error(`${method} ${path} answered ${answer.status()}: ${await answer.text()}`)
    return answer.status() === 204 ? undefined : answer.json()
  }

  return {
    context,
    page,
    complaints,
    call,
    async open(path) {
      const answer = await page.goto(path)
      await live(page)
      return answer?.status() ?? 0
    },
    async signIn(email) {
      await call('POST', '/api/auth/login', { email, password })
    },
  }
}

/** Waits until the page reacts to what is done to it. */
export async function live(page: Page): Promise<void> {
  await page.waitForFunction(() => {
    const root = document.getElementById('__nuxt') as {
      __vue_app__?: { $nuxt: { isHydrating?: boolean } }
    } | null
    return root?.__vue_app__?.$nuxt.isHydrating === false
  })
}

/** The first operator, made by the API; their browser. */
export async function setUp(
  portal: Pick<BrowserPortal, 'visit'>,
  options?: BrowserContextOptions,
): Promise<Visit> {
  const visit = await portal.visit(options)
  await visit.call('POST', '/api/setup', { ...operator, password, portalName: 'Acme Workspace' })
  return visit
}

/** A user made by an operator's browser; their id. */
export async function createUser(by: Visit, name: string, email: string): Promise<string> {
  const user = (await by.call('POST', '/api/users', { name, email, password })) as { id: string }
  return user.id
}

/** A tenant made by an operator's browser, waited for until all its services stand. */
export async function createTenant(by: Visit, name: string, slug: string): Promise<void> {
  await by.call('POST', '/api/tenants', { name, slug })
  await settled(by, slug)
}

/** Asks until the tenant is active; the time limit of the test ends it where it never is. */
export async function settled(by: Visit, slug: string): Promise<void> {
  for (let status = ''; status !== 'active';) {
    const answer = (await by.call('GET', `/api/tenants/${slug}/provisioning`)) as { status: string }
    status = answer.status
  }
}
