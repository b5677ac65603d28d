import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startNameServer, type NameServer } from '../../../tests/harness/name-server'
import { createResolver } from './client'

describe('looking up the DNS', () => {
  let names: NameServer
  const name = 'acme.example'
  const lookUp = (type: Parameters<ReturnType<typeof createResolver>['lookUp']>[1], timeoutMs = 3_000) =>
    createResolver({ server: names.address, timeoutMs }).lookUp(name, type)

  beforeAll(async () => {
    names = await startNameServer()
  })
  afterEach(() => names.clear())
  afterAll(() => names.stop())

  it('joins the strings of a text, and tells texts apart', async () => {
    names.setText(name, ['v=DKIM1; p=', 'abc', 'def'], 'second')
    expect(await lookUp('TXT')).toEqual({ kind: 'found', values: ['v=DKIM1; p=abcdef', 'second'] })
  })

  it.each([
    ['MX', { preference: 10, exchange: 'Mail.Acme.Example' }, '10 mail.acme.example'],
    ['SRV', { priority: 0, weight: 1, port: 993, target: 'Mail.Acme.Example' }, '0 1 993 mail.acme.example'],
    ['CNAME', 'Other.Example', 'other.example'],
    ['A', '192.0.2.1', '192.0.2.1'],
    ['AAAA', '2001:db8::1', '2001:db8::1'],
    ['CAA', { flags: 0, tag: 'issue', value: 'ca.example' }, '0 issue "ca.example"'],
    [
      'TLSA',
      { usage: 3, selector: 1, matchingType: 1, certificate: Buffer.from('ab12', 'hex') },
      '3 1 1 ab12',
    ],
  ] as const)('writes %s as a zone does', async (type, data, text) => {
    names.set(name, type, data)
    expect(await lookUp(type)).toEqual({ kind: 'found', values: [text] })
  })

  it('tells what is not there from who could not be asked', async () => {
    expect(await lookUp('TXT')).toEqual({ kind: 'none' })
    names.set(name, 'A', '192.0.2.1')
    expect(await lookUp('TXT')).toEqual({ kind: 'none' })
    for (const behaviour of ['SERVFAIL', 'REFUSED'] as const) {
      names.behave(name, behaviour)
      expect(await lookUp('TXT')).toEqual({ kind: 'failed', reason: 'unavailable' })
    }
  })

  it('asks over TCP what did not fit', async () => {
    const texts = Array.from({ length: 20 }, (_, index) => `${index} ${'x'.repeat(200)}`)
    names.setText(name, ...texts)
    names.asked.length = 0
    expect(await lookUp('TXT')).toEqual({ kind: 'found', values: texts })
    expect(names.asked).toEqual([`TXT ${name} udp`, `TXT ${name} tcp`])
  })

  it('reads no more than a name of somebody in their senses has', async () => {
    names.setText(name, ...Array.from({ length: 150 }, (_, index) => `text ${index}`))
    expect(await lookUp('TXT')).toEqual({ kind: 'failed', reason: 'too_large' })
  })

  it.each(['silent', 'cut', 'garbage'] as const)(
    'gives up in time on a server that is %s',
    async (behaviour) => {
      names.behave(name, behaviour)
      const began = performance.now()
      const answer = await lookUp('TXT', 600)
      expect(performance.now() - began).toBeLessThan(2_000)
      expect(answer).toMatchObject({ kind: 'failed', reason: expect.stringMatching(/timeout|malformed/) })
    },
  )

  it('says so where nobody listens', async () => {
    const gone = await startNameServer()
    await gone.stop()
    const answer = await createResolver({ server: gone.address, timeoutMs: 1_000 }).lookUp(name, 'TXT')
    expect(answer).toMatchObject({ kind: 'failed', reason: expect.stringMatching(/unreachable|timeout/) })
  })

  it('refuses a name that is none without asking anybody', async () => {
    names.asked.length = 0
    const resolver = createResolver({ server: names.address })
    expect(await resolver.lookUp(`${'a'.repeat(64)}.example`, 'TXT')).toMatchObject({ kind: 'failed' })
    expect(names.asked).toEqual([])
  })

  describe('at a server that lies', () => {
    const text = (owner: string, data: string) =>
      ({ name: owner, type: 'TXT', ttl: 1, class: 'IN', data }) as const
    const alias = (owner: string, data: string) =>
      ({ name: owner, type: 'CNAME', ttl: 1, class: 'IN', data }) as const

    it('says that the name is not there, and yet what it holds', async () => {
      names.lie(name, (truth) => [{ ...truth, flags: (truth.flags ?? 0) | 3, answers: [text(name, 'lie')] }])
      expect(await lookUp('TXT')).toEqual({ kind: 'none' })
    })

    it('leads from alias to alias in a circle', async () => {
      const circle = [alias(name, 'b.example'), alias('b.example', name)]
      names.lie(name, (truth) => [{ ...truth, flags: (truth.flags ?? 0) & ~3, answers: circle }])
      names.asked.length = 0
      for (const type of ['TXT', 'MX', 'A'] as const) expect(await lookUp(type)).toEqual({ kind: 'none' })
      expect(names.asked).toHaveLength(3)
    })

    it('answers other questions, and in the name of others', async () => {
      names.setText(name, 'the truth')
      names.lie(name, (truth) => [
        { ...truth, id: ((truth.id ?? 0) + 1) & 0xffff, answers: [text(name, 'lie')] },
        {
          ...truth,
          questions: [{ name: 'other.example', type: 'TXT', class: 'IN' }],
          answers: [text(name, 'lie')],
        },
        truth,
      ])
      expect(await lookUp('TXT')).toEqual({ kind: 'found', values: ['the truth'] })
    })

    it('says over TCP too that there is more', async () => {
      names.behave(name, 'cut')
      names.lie(name, (truth) => [{ ...truth, flags: (truth.flags ?? 0) | (1 << 9) }])
      const answer = await lookUp('TXT', 600)
      expect(answer.kind).not.toBe('found')
    })

    it('sends as much as an answer can hold', async () => {
      const long = ['x'.repeat(255), 'y'.repeat(255)]
      names.setText(name, ...Array.from({ length: 30 }, () => long))
      expect(await lookUp('TXT')).toEqual({ kind: 'found', values: Array(30).fill(long.join('')) })
      names.setText(
        name,
        Array.from({ length: 250 }, () => 'x'.repeat(255)),
      )
      expect(await lookUp('TXT')).toEqual({ kind: 'failed', reason: 'too_large' })
    })

    it('sends what is no text', async () => {
      names.set(name, 'TXT', Buffer.from('v=spf1 \0\x1b[31m\x7f\n ~all \xff', 'latin1'))
      expect(await lookUp('TXT')).toEqual({
        kind: 'found',
        values: ['v=spf1 \ufffd\ufffd[31m\ufffd\ufffd ~all \xff'],
      })
    })
  })
})
