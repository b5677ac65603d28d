import { describe, expect, it } from 'vitest'
import { advance, isDue, isWaiting, type StepState } from './advance'
import { needsOf, stepKey, tenantSteps } from './steps'

const now = new Date('2026-03-01T08:00:00.000Z')

/** All steps, done unless told otherwise. */
function stepsWith(changes: Record<string, Partial<StepState>>): StepState[] {
  return tenantSteps.map(({ service, step }) => ({
    ...{ id: stepKey({ service, step }), service, step, status: 'ok' as const, generation: 1 },
    ...{ attempt: 0, externalId: null, held: false, nextAttemptAt: null },
    ...changes[stepKey({ service, step })],
  }))
}
const due = { status: 'pending', nextAttemptAt: now } as const
const waits = { status: 'pending', nextAttemptAt: null } as const
const isCandidate = (step: StepState) => isDue(step, now) || isWaiting(step)

describe('advance', () => {
  it.each<[string, Record<string, Partial<StepState>>, string[], string[]]>([
    ['nothing where nothing is due', {}, [], []],
    [
      'what is due, not what needs it',
      { 'authentik/group': due, 'authentik/members': waits },
      [],
      ['authentik/group running'],
    ],
    ['what waited, once all that it needs is done', { 'ocis/members': waits }, [], ['ocis/members running']],
    [
      'independent steps side by side',
      { 'authentik/group': due, 'stalwart/domains': due, 'ocis/space': due },
      [],
      ['authentik/group running', 'stalwart/domains running', 'ocis/space running'],
    ],
    [
      'nothing behind a failure',
      { 'ocis/space': { status: 'error', nextAttemptAt: null }, 'ocis/members': waits },
      [],
      [],
    ],
    ['nothing that is held', { 'ocis/members': { ...waits, held: true } }, [], []],
    [
      'what a skipped step sets free',
      { 'stalwart/domains': due, 'stalwart/accounts': waits, 'mail/onboarding': waits },
      ['stalwart'],
      ['stalwart/domains skipped', 'stalwart/accounts skipped', 'mail/onboarding running'],
    ],
    [
      'a step that is due before what it needs as waiting',
      { 'ocis/space': { status: 'error' }, 'ocis/members': due },
      [],
      ['ocis/members waiting'],
    ],
    [
      'what a worker that died had begun',
      { 'authentik/group': { status: 'running', nextAttemptAt: now } },
      [],
      ['authentik/group running'],
    ],
    [
      'nothing before its time',
      { 'ocis/space': { ...due, nextAttemptAt: new Date(now.getTime() + 1) } },
      [],
      [],
    ],
  ])('begins %s', (_, changes, absent, expected) => {
    const moves = advance(stepsWith(changes), isCandidate, ({ service }) => !absent.includes(service))
    expect(moves.map(({ to, step }) => `${stepKey(step)} ${to}`)).toEqual(expected)
  })

  it('begins nothing before all that it needs, and leaves nothing that it could begin, in any state of the steps', () => {
    const states: Partial<StepState>[] = [{}, due, waits, { status: 'error', nextAttemptAt: null }]
    const keys = tenantSteps.map(stepKey)
    for (let number = 0; number < states.length ** keys.length; number++) {
      const changes = Object.fromEntries(
        keys.map((key, index) => [
          key,
          states[Math.floor(number / states.length ** index) % states.length] ?? {},
        ]),
      )
      const steps = stepsWith(changes)
      const isConfigured = ({ service }: StepState) => service !== 'stalwart' || number % 2 === 0
      const moves = new Map(
        advance(steps, isCandidate, isConfigured).map(({ to, step }) => [stepKey(step), to]),
      )
      const isDone = (key: string) =>
        moves.has(key) ? moves.get(key) === 'skipped' : changes[key]?.status === undefined
      for (const step of steps) {
        const key = stepKey(step)
        const mayBegin = isCandidate(step) && needsOf(step).every(isDone)
        const to = mayBegin
          ? isConfigured(step)
            ? 'running'
            : 'skipped'
          : isDue(step, now)
            ? 'waiting'
            : undefined
        if (moves.get(key) !== to) expect.fail(`${number}: ${key} is ${moves.get(key)} and not ${to}`)
      }
    }
  })
})
