import { describe, expect, it } from 'vitest'
import { IntegrationError } from '#server/lib/errors'
import { createManualClock, desiredOf, silent } from '../../tests/harness/provisioning'
import { attemptStep, type Attempt, type AttemptMeans } from './attempt'
import { createGates } from './gates'
import { digestOfChange, unseenMark } from './plan-hash'
import type { Change, PlannedChange } from './step-planner.port'

const clock = createManualClock()
const tenant = desiredOf({ id: '1', slug: 'acme' })
type Made = (signal: AbortSignal) => Promise<void>

/** A service that is asked for changes until they were made; each shows afterwards unless it `hides`. */
function serviceWith(changes: (Change & { apply?: Made; hides?: boolean })[]) {
  const made: string[] = []
  const plan = async () => ({
    resources: made.map((name) => ({ kind: 'group', name, externalId: name, fingerprint: name })),
    notes: [],
    changes: changes
      .filter(({ name, hides }) => hides || !made.includes(name))
      .map(({ apply, hides: _, ...change }): PlannedChange => ({
        ...change,
        async apply(signal) {
          await apply?.(signal)
          made.push(change.name)
        },
      })),
  })
  return { made, planner: { service: 'ocis', step: 'space', plan } as const }
}

function attempt(service: Pick<Attempt, 'planner'>, given: Partial<Attempt & AttemptMeans> = {}) {
  const plain = { tenant, known: { externalId: null }, attempt: 1, mayDelete: true, approved: undefined }
  const signal = new AbortController().signal
  return attemptStep(
    { planner: service.planner, ...plain, signal, assertHeld: () => {}, ...given },
    {
      clock,
      log: silent,
      random: () => 1,
      stepTimeoutMs: 1_000,
      sliceMs: 1_000,
      gate: createGates({ clock, concurrency: 1, random: () => 0 }),
      ...given,
    },
  )
}
const create = (name: string) => ({ action: 'create', kind: 'group', name }) as const
const remove = (name: string) => ({ action: 'delete', kind: 'group', name }) as const

describe('an attempt', () => {
  it('makes what is planned in its order, and is done when it reads nothing more', async () => {
    const service = serviceWith([create('a'), create('b')])
    expect(await attempt(service)).toMatchObject({ status: 'ok', reason: null, resources: [{}, {}] })
    expect(service.made).toEqual(['a', 'b'])
  })

  it('makes what could not be seen when its plan was approved, and deletes nothing of it', async () => {
    const approved = new Set([digestOfChange(create('a')), unseenMark])
    const service = serviceWith([create('a'), create('b')])
    expect(await attempt(service, { approved })).toMatchObject({ status: 'ok' })
    expect(service.made).toEqual(['a', 'b'])

    const deleting = serviceWith([create('a'), remove('b')])
    expect(await attempt(deleting, { approved })).toMatchObject({ status: 'error', nextAttemptAt: null })
    expect(deleting.made).toEqual([])
  })

  it('makes nothing any more once its lease is over by the clock, whether anybody noticed or not', async () => {
    const service = serviceWith([create('a'), create('b'), create('c')])
    const lease = new AbortController()
    const assertHeld = () => {
      if (service.made.length === 2) lease.abort(new Error('The lease was lost'))
      lease.signal.throwIfAborted()
    }
    expect(await attempt(service, { signal: lease.signal, assertHeld })).toEqual({ status: 'pending' })
    expect(service.made).toEqual(['a', 'b'])
  })

  it('does not believe a change that does not show', async () => {
    const service = serviceWith([{ ...create('a'), hides: true }])
    expect(await attempt(service)).toMatchObject({
      status: 'error',
      error: expect.stringContaining('does not show') as string,
      nextAttemptAt: expect.any(Date) as Date,
    })
  })

  it('changes nothing where something is refused, and says what', async () => {
    const refused = { action: 'refuse', kind: 'space', name: 'x', reason: 'It is not ours.' } as const
    const service = serviceWith([create('a'), refused])
    expect(await attempt(service)).toEqual({ status: 'error', error: 'It is not ours.', nextAttemptAt: null })
    expect(service.made).toEqual([])
  })

  it('holds deletions that nobody approved, and does the rest', async () => {
    const service = serviceWith([create('a'), remove('b')])
    const reason = 'Waits for approval: delete group b.'
    expect(await attempt(service, { mayDelete: false })).toMatchObject({ status: 'held', reason })
    expect(service.made).toEqual(['a'])
    expect(await attempt(service)).toMatchObject({ status: 'ok' })
  })

  it('makes nothing but what was approved, even where it shows after a change only', async () => {
    const changes: Change[] = [create('a')]
    const approved = new Set([digestOfChange(create('a'))])
    const service = serviceWith([{ ...create('a'), apply: async () => void changes.push(create('b')) }])
    const planner = {
      ...service.planner,
      plan: async () => {
        const found = await service.planner.plan()
        if (changes.length === 1) return found
        return await serviceWith([create('b')]).planner.plan()
      },
    }
    expect(await attempt({ planner }, { approved })).toMatchObject({
      status: 'error',
      error: expect.stringContaining('no longer') as string,
      nextAttemptAt: null,
    })
  })

  it('gives way after a slice, with one change made at least', async () => {
    const service = serviceWith([create('a'), create('b')])
    expect(await attempt(service, { sliceMs: -1 })).toEqual({ status: 'pending', gotOn: true })
    expect(service.made).toEqual(['a'])
    expect(await attempt(service, { sliceMs: -1 })).toMatchObject({ status: 'ok' })
  })

  it('is put off as after a first failure where it got on before it failed, and further where it did not', async () => {
    const apply = () =>
      Promise.reject(new IntegrationError({ service: 'ocis', kind: 'unavailable', message: 'It is away.' }))
    const service = serviceWith([create('a'), { ...create('b'), apply }])
    const inSeconds = (seconds: number) => new Date(clock.now().getTime() + seconds * 1000)
    const failed = { status: 'error', error: 'It is away.' }
    expect(await attempt(service, { attempt: 5 })).toEqual({
      ...failed,
      nextAttemptAt: inSeconds(2),
      gotOn: true,
    })
    expect(service.made).toEqual(['a'])
    expect(await attempt(service, { attempt: 5 })).toEqual({ ...failed, nextAttemptAt: inSeconds(32) })
  })

  it('has not got on by a change that does not show', async () => {
    const service = serviceWith([{ ...create('a'), hides: true }])
    expect(await attempt(service, { attempt: 5 })).not.toHaveProperty('gotOn')
  })

  it('ends a call that takes too long, whether it heeds its signal or not', async () => {
    const service = serviceWith([{ ...create('a'), apply: () => new Promise(() => {}) }])
    expect(await attempt(service, { stepTimeoutMs: 10 })).toMatchObject({
      status: 'error',
      error: 'It did not finish within 0.01 seconds.',
    })
  })

  it('is cut off by its signal, and is no failure then', async () => {
    const stopping = new AbortController()
    const apply = () => {
      stopping.abort(new Error('stopped'))
      return new Promise<void>(() => {})
    }
    const service = serviceWith([{ ...create('a'), apply }])
    expect(await attempt(service, { signal: stopping.signal })).toEqual({ status: 'pending' })
  })

  it('keeps what only a library says out of what people see', async () => {
    const apply = () => Promise.reject(new Error('Authorization: Bearer s3cret'))
    const outcome = await attempt(serviceWith([{ ...create('a'), apply }]))
    expect(outcome).toMatchObject({ status: 'error' })
    expect(JSON.stringify(outcome)).not.toContain('s3cret')
  })

  it('waits for somebody to ask where the token turned invalid', async () => {
    const apply = () =>
      Promise.reject(
        new IntegrationError({ service: 'ocis', kind: 'unauthorized', message: 'The token is refused.' }),
      )
    const outcome = await attempt(serviceWith([{ ...create('a'), apply }]))
    expect(outcome).toMatchObject({ status: 'error', error: 'The token is refused.' })
  })
})
