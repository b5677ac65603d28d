import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import argon2 from 'argon2'
import { serverFlags } from '../scripts/launch/flags.mjs'
import { Client, password } from './client.ts'
import type { Engine, Engines } from './databases.ts'
import { setUp } from './seed.ts'
import { startServer } from './servers.ts'
import { sampleOf, type Sample } from './statistics.ts'

const rounds = 3
const roundSeconds = 4
const people = 8
/** As many hashes run at a time in Tenantry. */
const hashesAtOnce = 2
const parameters = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

export interface LoginResult {
  /** In a second. */
  readonly logins: Sample
  readonly hashes: Sample
  readonly ratio: Sample
  /** How late the event loop was while people signed in, in milliseconds. */
  readonly delay: { readonly p99: number; readonly most: number }
}

/** Signs eight people in over and over, and verifies the same kind of hash in a process that does nothing else. */
export async function measureLogins(engine: Engine, { folder }: Engines): Promise<LoginResult> {
  const file = join(folder, 'event-loop.json')
  const server = await startServer('tenantry', {
    databaseUrl: await engine.create('logins'),
    folder,
    env: { BENCH_EVENT_LOOP: file, WORKER: 'off' },
    flags: [...serverFlags, '--import', join(import.meta.dirname, 'event-loop.mjs')],
  })
  const sinceLast = async () => {
    rmSync(file, { force: true })
    server.nudge()
    while (!existsSync(file)) await wait(5)
    return JSON.parse(readFileSync(file, 'utf8')) as LoginResult['delay']
  }
  try {
    const operator = await setUp(server)
    const emails = Array.from({ length: people }, (_, i) => `person-${i}@example.org`)
    for (const email of emails) await operator.send('POST', '/api/users', { email, name: 'Mia', password })
    const signIn = (email: string) => new Client(server).send('POST', '/api/auth/login', { email, password })
    const hash = await argon2.hash(password, parameters)
    const verify = () => argon2.verify(hash, password)

    await perSecond(
      emails.map((email) => () => signIn(email)),
      1,
    )
    const measured = { logins: [] as number[], hashes: [] as number[], ratio: [] as number[] }
    const delays: LoginResult['delay'][] = []
    for (let round = 0; round < rounds; round++) {
      const hashes = await perSecond(
        Array.from({ length: hashesAtOnce }, () => verify),
        roundSeconds,
      )
      await sinceLast()
      const logins = await perSecond(
        emails.map((email) => () => signIn(email)),
        roundSeconds,
      )
      delays.push(await sinceLast())
      measured.hashes.push(hashes)
      measured.logins.push(logins)
      measured.ratio.push(logins / hashes)
    }
    return {
      logins: sampleOf(measured.logins),
      hashes: sampleOf(measured.hashes),
      ratio: sampleOf(measured.ratio),
      delay: {
        p99: sampleOf(delays.map(({ p99 }) => p99)).median,
        most: Math.max(...delays.map(({ most }) => most)),
      },
    }
  } finally {
    await server.stop()
  }
}

/** Does each work over and over, all at once. @returns how often they were done in a second */
async function perSecond(works: readonly (() => Promise<unknown>)[], seconds: number): Promise<number> {
  const began = performance.now()
  let done = 0
  const goOn = async (work: () => Promise<unknown>) => {
    while (performance.now() - began < seconds * 1000) {
      await work()
      done++
    }
  }
  await Promise.all(works.map(goOn))
  return done / ((performance.now() - began) / 1000)
}
