import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openDatabase, type Database } from '#server/storage/database'
import { createLog } from '#server/lib/log'
import { makeDatabase, type MadeDatabase } from '../harness/databases'
import { claimInDatabase, TestMachine } from '../harness/machine'
import { startPortal, type Portal } from '../harness/portal'
import { startRedis, type RedisServer } from '../harness/redis'

// On SQLite there is one process alone.
describe('machines at two replicas that share PostgreSQL and a Redis', () => {
  const audience = 'http://localhost:3000'
  const path = '/api/tenants/acme'
  let made: MadeDatabase
  let database: Database
  let redis: RedisServer
  let replicas: Portal[]
  let count = 0

  beforeAll(async () => {
    made = await makeDatabase('postgresql')
    database = await openDatabase({ url: made.url, poolMax: 2, log: createLog('silent') })
    redis = await startRedis()
    const env = { REDIS_URL: redis.url }
    replicas = [await startPortal(made.url, { env }), await startPortal(made.url, { env })]
    const boss = await replicas[0]!.operator()
    await boss.post('/api/tenants', { slug: 'acme', name: 'Acme' })
  })
  afterAll(async () => {
    for (const portal of replicas ?? []) await portal.close()
    await redis?.stop()
    await database?.close()
    await made?.remove()
  })

  const urlOf = (n: number) => replicas[n % 2]!.browser().url
  async function machineFor() {
    const machine = new TestMachine(`machine-${(count += 1)}`, audience)
    const { identityId } = await claimInDatabase(database.client, machine, { slug: 'acme' })
    return { machine, identityId }
  }
  const outcomes = (answers: { status: number; json?: { code: string } }[]) => {
    const counted: Record<string, number> = {}
    for (const { status, json } of answers) {
      const what = status < 300 ? 'let in' : `${status} ${json?.code}`
      counted[what] = (counted[what] ?? 0) + 1
    }
    return counted
  }

  it('accept one proof once, of 50 at once', async () => {
    const { machine } = await machineFor()
    const sent = { method: 'GET', path }
    const proof = machine.prove(sent)
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) => machine.send(urlOf(n), sent, proof)),
    )
    expect(outcomes(answers)).toEqual({ 'let in': 1, '401 pop.replayed': 49 })
    expect(await database.client.cacheEntry.count({ where: { key: { startsWith: 'pop:' } } })).toBe(0)
  })

  it('accept one registration once, of 50 at once, and give one address that holds', async () => {
    const machine = new TestMachine(`machine-${(count += 1)}`, audience)
    const body = JSON.stringify({ handle: machine.handle, did: machine.did })
    const sent = { method: 'POST', path: '/api/identities', body }
    const proof = machine.prove(sent)
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) => machine.send(urlOf(n), sent, proof)),
    )
    expect(outcomes(answers)).toEqual({ 'let in': 1, '401 pop.replayed': 49 })
    const claimUrl: string = answers.find(({ status }) => status === 201)?.json.claimUrl
    const token = claimUrl.replace(`${audience}/claims/`, '')
    for (const { container } of replicas) expect(await container.claimTokens.find(token)).not.toBeNull()
  })

  it('refuse a revoked machine with its next call, at both', async () => {
    const { machine, identityId } = await machineFor()
    for (const n of [0, 1]) expect((await machine.call(urlOf(n), 'GET', path)).status).toBe(200)
    await database.client.identity.update({ where: { id: identityId }, data: { status: 'revoked' } })
    for (const n of [0, 1])
      expect((await machine.call(urlOf(n), 'GET', path)).json).toMatchObject({ code: 'identity.revoked' })
  })

  it('accept nothing while Redis is away, and go on when it is back', async () => {
    const { machine } = await machineFor()
    const newcomer = new TestMachine(`machine-${(count += 1)}`, audience)
    const { handle, did } = newcomer
    const sent = { method: 'GET', path }
    const proof = machine.prove(sent)
    await redis.interrupt()
    try {
      for (const n of [0, 1]) {
        const answer = await machine.send(urlOf(n), sent, proof)
        expect([answer.status, answer.json.code]).toEqual([503, 'cache.unavailable'])
        const registered = await newcomer.call(urlOf(n), 'POST', '/api/identities', { handle, did })
        expect([registered.status, registered.json.code]).toEqual([503, 'cache.unavailable'])
      }
      expect(await database.client.identity.count({ where: { handle } })).toBe(0)
      // What is wrong by itself is told so all the same.
      const expired = await machine.call(urlOf(0), 'GET', path, undefined, { claims: { exp: 1 } })
      expect(expired.json.code).toBe('pop.expired')
    } finally {
      await redis.resume()
    }
    await expect
      .poll(async () => (await machine.call(urlOf(0), 'GET', path)).status, { timeout: 10_000 })
      .toBe(200)
    await expect
      .poll(async () => (await machine.call(urlOf(1), 'GET', path)).status, { timeout: 10_000 })
      .toBe(200)
    expect((await machine.send(urlOf(0), sent, proof)).status).toBe(200)
    expect((await machine.send(urlOf(1), sent, proof)).json.code).toBe('pop.replayed')
    expect((await newcomer.call(urlOf(1), 'POST', '/api/identities', { handle, did })).status).toBe(201)
  })
})
