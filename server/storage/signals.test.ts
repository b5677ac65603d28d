import pg from 'pg'
import { afterAll, describe, expect, test } from 'vitest'
import { makeDatabase, type MadeDatabase } from '~~/tests/harness/databases'
import { createLog } from '#server/lib/log'
import { openSignals, type Signals } from './signals'

const log = createLog('silent')

/** Resolves when everything that was published in this process before has been heard. */
const settled = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)))

describe.each(['sqlite', 'postgresql'] as const)('signals on %s', (provider) => {
  const undo: (() => Promise<void>)[] = []
  let made: Promise<MadeDatabase> | undefined
  afterAll(async () => {
    for (const step of undo.reverse()) await step()
  })

  async function open(): Promise<Signals> {
    made ??= makeDatabase(provider).then((database) => {
      undo.unshift(() => database.remove())
      return database
    })
    const signals = openSignals({ url: (await made).url, log })
    undo.push(() => signals.close())
    return signals
  }

  test('every listener of the channel hears what is published, once and in order', async () => {
    const signals = await open()
    const heard: string[] = []
    const listener = (payload: string) => void heard.push(payload)
    const end = signals.subscribe('a', listener)
    signals.subscribe('a', listener)
    signals.subscribe('b', () => heard.push('never'))
    signals.publish('a', '1')
    signals.publish('a', 'ü "\'\n')
    expect(heard).toEqual([])
    await settled()
    expect(heard).toEqual(['1', '1', 'ü "\'\n', 'ü "\'\n'])
    end()
    end()
    signals.publish('a', '3')
    await settled()
    expect(heard.slice(4)).toEqual(['3'])
  })

  test('a listener that fails harms neither publisher nor other listeners', async () => {
    const signals = await open()
    const heard: string[] = []
    signals.subscribe('a', () => {
      throw new Error('fails')
    })
    signals.subscribe('a', (payload) => heard.push(payload))
    signals.publish('a', 'x')
    await settled()
    expect(heard).toEqual(['x'])
  })

  test('a listener that unsubscribed before its turn is left alone', async () => {
    const signals = await open()
    const heard: string[] = []
    const end = signals.subscribe('a', (payload) => heard.push(payload))
    signals.publish('a', 'x')
    end()
    await settled()
    expect(heard).toEqual([])
  })

  test('once closed it is silent, and closing ends at once', async () => {
    const signals = await open()
    const heard: string[] = []
    signals.subscribe('a', (payload) => heard.push(payload))
    signals.publish('a', 'x')
    await signals.close()
    signals.publish('a', 'y')
    await settled()
    expect(heard).toEqual([])
    await signals.close()
  })

  if (provider === 'postgresql') {
    /** Publishes until it is heard: the first may come before the other has connected. */
    async function untilHeard(from: Signals, heard: string[], payload: string): Promise<void> {
      await expect
        .poll(() => (from.publish('channel', payload), heard.includes(payload)), {
          interval: 20,
          timeout: 10_000,
        })
        .toBe(true)
    }

    test('two processes hear each other, and themselves only once', async () => {
      const [one, two] = [await open(), await open()]
      const [byOne, byTwo]: [string[], string[]] = [[], []]
      one.subscribe('channel', (payload) => byOne.push(payload))
      two.subscribe('channel', (payload) => byTwo.push(payload))
      await untilHeard(one, byTwo, 'from one')
      await untilHeard(two, byOne, 'from two')
      one.publish('channel', 'once')
      two.publish('channel', 'last')
      await expect.poll(() => byOne.includes('last') && byTwo.includes('once')).toBe(true)
      for (const heard of [byOne, byTwo])
        expect(heard.filter((payload) => payload === 'once')).toHaveLength(1)
    })

    test('after its connection was cut it hears again by itself, and itself all the while', async () => {
      const [one, two] = [await open(), await open()]
      const [byOne, byTwo]: [string[], string[]] = [[], []]
      one.subscribe('channel', (payload) => byOne.push(payload))
      two.subscribe('channel', (payload) => byTwo.push(payload))
      await untilHeard(one, byTwo, 'before')

      const { url } = await (made ?? makeDatabase(provider))
      const admin = new pg.Client({ connectionString: url })
      await admin.connect()
      const { rowCount } = await admin.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tenantry-signals'`,
      )
      expect(rowCount).toBeGreaterThanOrEqual(2)
      one.publish('channel', 'itself')
      await settled()
      expect(byOne).toContain('itself')
      await untilHeard(one, byTwo, 'after')
      await untilHeard(two, byOne, 'back')

      await admin.query(`NOTIFY tenantry_signals, 'no signal'`)
      await admin.end()
      await untilHeard(one, byTwo, 'still there')
    })

    test('a server that is not there keeps nobody from publishing, hearing itself or closing', async () => {
      const signals = openSignals({ url: 'postgresql://u:p@127.0.0.1:1/x', log })
      const heard: string[] = []
      signals.subscribe('a', (payload) => heard.push(payload))
      signals.publish('a', 'x')
      await settled()
      expect(heard).toEqual(['x'])
      await signals.close()
    })
  }
})
