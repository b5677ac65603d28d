import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startRedis, type RedisServer } from '~~/tests/harness/redis'
import { createLog } from '#server/lib/log'
import { openRedis } from './redis'

const atOnce = 50
const log = createLog('silent')
const unavailable = (message: string) => new Error(message)

let server: RedisServer
beforeAll(async () => {
  server = await startRedis()
})
afterAll(() => server.stop())

describe('a connection to Redis that many ask at once', () => {
  const warnings: string[] = []
  const note = (warning: Error) => warnings.push(warning.message)
  beforeAll(() => void process.on('warning', note))
  afterEach(() => warnings.splice(0))
  afterAll(() => void process.off('warning', note))

  const pings = (url: string) => {
    const { ask, close } = openRedis({ url, log, unavailable })
    const asked = Array.from({ length: atOnce }, () => ask((redis) => redis.ping()))
    return Promise.allSettled(asked).finally(close)
  }

  it('answers them all as soon as it stands, and is waited for by one', async () => {
    const answers = await pings(server.url)
    expect(new Set(answers.map((answer) => answer.status === 'fulfilled' && answer.value))).toEqual(
      new Set(['PONG']),
    )
    expect(warnings).toEqual([])
  })

  it('tells them all where there is none', async () => {
    const answers = await pings('redis://127.0.0.1:1')
    expect(answers.filter(({ status }) => status === 'rejected')).toHaveLength(atOnce)
    expect(warnings).toEqual([])
  })
})
