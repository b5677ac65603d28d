import type { z } from 'zod'
import { plainWords } from '../http/words'
import type { Exchange } from './exchange'
import {
  failed,
  fit,
  misfit,
  ObstructedError,
  refusedWithin,
  type Obstacle,
  type RefusedError,
} from './failure'
import { getAnswer, JmapAnswer, MethodError, QueryAnswer, SetAnswer, type SetError } from './wire'

const pageSize = 100
/** Stalwart takes 16 calls in a request by default; a query and a get go together. */
const queriesAtOnce = 8
/** More than anybody has on a few domains: a list that goes on is none. */
const listLimit = 100_000

export type ObjectType = 'x:Domain' | 'x:Account' | 'x:DkimSignature'
type Arguments = Record<string, unknown>
type Invocation = readonly [method: string, args: Arguments]

/** What one `…/set` does to one object. */
export type Change =
  { create: Arguments } | { update: { id: string; patch: Arguments } } | { destroy: readonly string[] }

/** Stalwart's objects over JMAP (RFC 8620). Every call throws what `Exchange` throws. */
export interface Jmap {
  /** Those whom the ids name; who is not there is left out. */
  get<Schema extends z.ZodType>(
    what: Asked<Schema>,
    ids: readonly string[],
    signal: AbortSignal,
  ): Promise<z.output<Schema>[]>
  /** All that match any of the filters. They match words, so that the caller has to compare. */
  find<Schema extends z.ZodType>(
    what: Asked<Schema>,
    filters: readonly Arguments[],
    signal: AbortSignal,
  ): Promise<z.output<Schema>[]>
  /** A page of all, by id. */
  page<Schema extends z.ZodType>(
    what: Asked<Schema>,
    after: string | null,
    signal: AbortSignal,
  ): Promise<{ items: z.output<Schema>[]; next: string | null }>
  /** What is to be destroyed and is not there is no failure. */
  set(purpose: string, type: ObjectType, change: Change, signal: AbortSignal): Promise<void>
}

export interface Asked<Schema extends z.ZodType> {
  /** Completes `Stalwart refused to …`. */
  purpose: string
  type: ObjectType
  properties: readonly string[]
  object: Schema
}

const byId = [{ property: 'id', isAscending: true }]

/** @param secrets struck out of the server's words */
export function createJmap(exchange: Exchange, secrets: readonly string[]): Jmap {
  /** The answers of the methods, in their order. */
  async function invoke(
    purpose: string,
    invocations: readonly Invocation[],
    signal: AbortSignal,
  ): Promise<unknown[]> {
    const { methodResponses } = await exchange(
      {
        purpose,
        method: 'POST',
        path: '/jmap/',
        body: {
          using: ['urn:ietf:params:jmap:core', 'urn:stalwart:jmap'],
          methodCalls: invocations.map(([method, args], index) => [method, args, `c${index}`]),
        },
        answer: JmapAnswer,
      },
      signal,
    )
    const answers = new Map(methodResponses.map(([name, args, id]) => [id, { name, args }]))
    return invocations.map(([method], index) => {
      const answer = answers.get(`c${index}`)
      if (answer?.name === 'error') throw methodFailure(purpose, answer.args, secrets)
      if (answer?.name !== method) throw misfit(purpose, `nothing of ${method}`)
      return answer.args
    })
  }

  const getOf = (what: Asked<z.ZodType>, index: number): Invocation => [
    `${what.type}/get`,
    {
      '#ids': { resultOf: `c${index}`, name: `${what.type}/query`, path: '/ids' },
      properties: [...what.properties],
    },
  ]

  return {
    async get(what, ids, signal) {
      if (ids.length === 0) return []
      const [args] = await invoke(
        what.purpose,
        [[`${what.type}/get`, { ids: [...ids], properties: [...what.properties] }]],
        signal,
      )
      return fit(what.purpose, args, getAnswer(what.object), `${what.type}/get`).list
    },

    async find(what, filters, signal) {
      const found: z.output<typeof what.object>[] = []
      let open = filters.map((filter) => ({ filter, position: 0 }))
      while (open.length > 0) {
        const batch = open.splice(0, queriesAtOnce)
        const invocations = batch.flatMap(({ filter, position }, index): Invocation[] => [
          // Stalwart cuts each word's matches to the limit before it joins them, unless it has to count.
          [`${what.type}/query`, { filter, sort: byId, position, limit: pageSize, calculateTotal: true }],
          getOf(what, 2 * index),
        ])
        const answers = await invoke(what.purpose, invocations, signal)
        const more = batch.flatMap(({ filter, position }, index) => {
          const { ids, total } = fit(what.purpose, answers[2 * index], QueryAnswer, `${what.type}/query`)
          const { list } = fit(
            what.purpose,
            answers[2 * index + 1],
            getAnswer(what.object),
            `${what.type}/get`,
          )
          found.push(...list)
          const next = position + ids.length
          // Where it does not count all the same, a full page may have another after it.
          const hasMore = total === undefined ? ids.length >= pageSize : next < total
          return ids.length > 0 && hasMore ? [{ filter, position: next }] : []
        })
        if (found.length > listLimit) throw misfit(what.purpose, 'a list without an end')
        open = [...more, ...open]
      }
      return found
    },

    async page(what, after, signal) {
      const query = { sort: byId, limit: pageSize, ...(after === null ? {} : { anchor: after }) }
      const answers = await invoke(what.purpose, [[`${what.type}/query`, query], getOf(what, 0)], signal)
      const { ids } = fit(what.purpose, answers[0], QueryAnswer, `${what.type}/query`)
      const { list } = fit(what.purpose, answers[1], getAnswer(what.object), `${what.type}/get`)
      // Stalwart begins after the anchor; RFC 8620 section 5.5 with it. Then it comes again, and nothing is lost.
      const last = ids.at(-1)
      const next = ids.length >= pageSize && last !== undefined && last !== after ? last : null
      return { items: list, next }
    },

    async set(purpose, type, change, signal) {
      const args =
        'create' in change
          ? { create: { new: change.create } }
          : 'update' in change
            ? { update: { [change.update.id]: change.update.patch } }
            : { destroy: [...change.destroy] }
      const [answer] = await invoke(purpose, [[`${type}/set`, args]], signal)
      const done = fit(purpose, answer, SetAnswer, `${type}/set`)
      const failures = { ...done.notCreated, ...done.notUpdated, ...done.notDestroyed }
      for (const [id, failure] of Object.entries(failures)) {
        if (failure.type === 'notFound' && id in done.notDestroyed) continue
        throw setFailure(purpose, failure, secrets)
      }
      const isDone =
        'create' in change
          ? 'new' in done.created
          : 'update' in change
            ? change.update.id in done.updated
            : change.destroy.every((id) => done.destroyed.includes(id) || id in done.notDestroyed)
      if (!isDone) throw misfit(purpose, `nothing of what became of it (${type}/set)`)
    },
  }
}

const methodKinds: Record<string, 'unauthorized' | 'unavailable' | 'rate_limited' | undefined> = {
  forbidden: 'unauthorized',
  serverFail: 'unavailable',
  serverPartialFail: 'unavailable',
  serverUnavailable: 'unavailable',
  requestTooLarge: 'rate_limited',
}

function methodFailure(purpose: string, args: unknown, secrets: readonly string[]): RefusedError {
  const { type, description } = fit(purpose, args, MethodError, 'error')
  const kind = methodKinds[type] ?? 'rejected'
  const said = plainWords([type, description].filter(Boolean).join(': '), secrets)
  const verb = kind === 'unavailable' ? 'did not' : 'refused to'
  return refusedWithin(type, { kind, message: `Stalwart ${verb} ${purpose}: “${said}”` })
}

function setFailure(purpose: string, failure: SetError, secrets: readonly string[]) {
  const { type, description, properties, objectId, linkedObjects, validationErrors } = failure
  if (type === 'rateLimit') {
    return failed('rate_limited', `Stalwart did not ${purpose}: too much is asked of it (${type})`)
  }
  const faults = [
    ...(properties ?? []).map((property) =>
      Array.isArray(property) ? property.join('/') : String(property),
    ),
    ...(validationErrors ?? []).map((fault) => [fault.type, fault.property].filter(Boolean).join(' ')),
  ]
  const nameOf = ({ object, id }: Obstacle) => `${object.replace('x:', '')} ${id}`
  const links = (linkedObjects ?? []).slice(0, 5).map(nameOf)
  const obstacle = objectId ? nameOf(objectId) : ''
  const linked = links.length > 0 ? `it is used by ${links.join(', ')}` : ''
  const said = [type, description, faults.join(', '), obstacle, linked].filter(Boolean).join(': ')
  const refusal = {
    kind: type === 'forbidden' ? 'unauthorized' : 'rejected',
    message: `Stalwart refused to ${purpose}: “${plainWords(said, secrets)}”`,
    // What looking anew can turn: what was read a moment ago is gone, or has got company.
    retryable: ['forbidden', 'notFound', 'objectIsLinked', 'invalidForeignKey'].includes(type),
  } as const
  return new ObstructedError(type, refusal, { obstacle: objectId ?? undefined, links: linkedObjects ?? [] })
}
