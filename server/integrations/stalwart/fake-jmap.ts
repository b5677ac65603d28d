import { z } from 'zod'
import { operationIds, type OperationId } from './fake-operations.ts'
import { problem, type FakeAnswer } from './fake-answers.ts'
import { filters, objectTypes, propertiesOf, type ObjectType } from './fake-jmap-schema.ts'
import type { JmapStore } from './fake-jmap-store.ts'

const callLimit = 16
const objectLimit = 500
const management = 'urn:stalwart:jmap'

const Request = z.strictObject({
  using: z.array(z.string()),
  methodCalls: z.array(z.tuple([z.string(), z.record(z.string(), z.unknown()), z.string()])).min(1),
})
const Query = z.strictObject({
  filter: z.record(z.string(), z.string()).optional(),
  sort: z.array(z.strictObject({ property: z.string(), isAscending: z.boolean().optional() })).optional(),
  position: z.int().min(0).optional(),
  anchor: z.string().optional(),
  limit: z.int().min(1).optional(),
  calculateTotal: z.boolean().optional(),
})
const Get = z.strictObject({
  ids: z.array(z.string()).optional(),
  '#ids': z.strictObject({ resultOf: z.string(), name: z.string(), path: z.literal('/ids') }).optional(),
  properties: z.array(z.string()).optional(),
})
const Set = z.strictObject({
  create: z.record(z.string(), z.unknown()).optional(),
  update: z.record(z.string(), z.unknown()).optional(),
  destroy: z.array(z.string()).optional(),
})

type Reply = [name: string, args: unknown, id: string]
type Violate = (where: string, what: string) => void

/** Which methods a request's body asks for, as far as it can be read. */
export function methodsOf(body: unknown): OperationId[] {
  const parsed = Request.safeParse(body)
  const named = parsed.success ? parsed.data.methodCalls.map(([method]) => method) : []
  return operationIds.filter((id) => named.includes(id))
}

/** The session of an administrator; the capability stands under the account alone, as a real server has it. */
export function sessionOf(isKnown: boolean, isManaged: boolean): FakeAnswer {
  const capabilities = { 'urn:ietf:params:jmap:core': {}, 'urn:ietf:params:jmap:mail': {} }
  const accountCapabilities = { ...capabilities, ...(isManaged ? { [management]: {} } : {}) }
  return {
    status: 200,
    body: {
      capabilities,
      accounts: isKnown
        ? { b: { name: 'admin', isPersonal: true, isReadOnly: false, accountCapabilities } }
        : {},
      primaryAccounts: {},
      username: isKnown ? 'admin' : '',
      apiUrl: '/jmap/',
      state: 'a',
    },
  }
}

/** Performs a request of JMAP (RFC 8620 section 3). */
export function performJmap(store: JmapStore, body: unknown, violate: Violate): FakeAnswer {
  const request = Request.safeParse(body)
  if (!request.success) {
    violate('jmap request', z.prettifyError(request.error))
    return problem(400, 'Not a request', 'It is no JMAP.', 'urn:ietf:params:jmap:error:notRequest')
  }
  const { using, methodCalls } = request.data
  if (!using.includes(management) || !using.includes('urn:ietf:params:jmap:core')) {
    violate('jmap request', `using ${using.join(', ')}`)
    const type = 'urn:ietf:params:jmap:error:unknownCapability'
    return problem(400, 'Unknown capability', 'It is not used.', type)
  }
  if (methodCalls.length > callLimit) {
    violate('jmap request', `${methodCalls.length} calls`)
    return problem(400, 'Limit', 'maxCallsInRequest', 'urn:ietf:params:jmap:error:limit')
  }
  const methodResponses: Reply[] = []
  for (const [method, args, id] of methodCalls) {
    methodResponses.push(performMethod(store, method, args, id, methodResponses, violate))
  }
  return { status: 200, body: { methodResponses, sessionState: 'a' } }
}

function performMethod(
  store: JmapStore,
  method: string,
  args: Record<string, unknown>,
  id: string,
  before: readonly Reply[],
  violate: Violate,
): Reply {
  const refuse = (type: string, description?: string): Reply => {
    violate(method, `${type}: ${description ?? ''}`)
    return ['error', { type, ...(description ? { description } : {}) }, id]
  }
  const [name = '', verb] = method.split('/')
  const type = objectTypes.find((it) => it === name)
  if (!type || !['query', 'get', 'set'].includes(verb ?? '')) return refuse('unknownMethod')
  const schema = { query: Query, get: Get, set: Set }[verb as 'query' | 'get' | 'set']
  const parsed = schema.safeParse(args)
  if (!parsed.success) return refuse('invalidArguments', z.prettifyError(parsed.error))
  if (verb === 'query') return query(store, type, parsed.data as z.output<typeof Query>, id, method, refuse)
  if (verb === 'set') return [method, set(store, type, parsed.data as z.output<typeof Set>, violate), id]
  return get(store, type, parsed.data as z.output<typeof Get>, { id, method, before, refuse })
}

type Refuse = (type: string, description?: string) => Reply

function query(
  store: JmapStore,
  type: ObjectType,
  args: z.output<typeof Query>,
  id: string,
  method: string,
  refuse: Refuse,
): Reply {
  const { filter = {}, sort, position = 0, anchor, limit = objectLimit * 10, calculateTotal = false } = args
  const [order] = sort ?? []
  if (order && order.property !== 'id') return refuse('unsupportedSort', order.property)
  const unknown = Object.keys(filter).find((property) => !(property in filters[type]))
  if (unknown) return refuse('unsupportedFilter', `Filter on property ${unknown} is not supported or invalid`)
  // Unless it has to count, Stalwart cuts what each word matches to the page before it joins the words.
  const cut = (ids: string[]) => (calculateTotal ? ids : ids.slice(position, position + limit))
  let found = store.ids(type)
  for (const [property, value] of Object.entries(filter)) {
    const matches =
      filters[type][property] === 'id'
        ? cut(store.ids(type).filter((it) => store.domainIdOf(type, it) === value))
        : matchWords(store, type, property, value, cut)
    found = found.filter((it) => matches.includes(it))
  }
  if (order?.isAscending === false) found.reverse()
  const total = found.length
  if (anchor !== undefined) {
    // It begins after the anchor, whether that is there or not.
    const after = numberOf(anchor)
    found = found.filter((it) => (store.numberOf(type, it) ?? 0) > after).slice(0, limit)
  } else if (calculateTotal || Object.keys(filter).length === 0) {
    found = found.slice(position, position + limit)
  }
  const answer = { accountId: 'b', queryState: 'a', canCalculateChanges: true, position, ids: found }
  return [method, { ...answer, ...(calculateTotal ? { total } : {}) }, id]
}

/** What matches all words of a text; a text without words matches nothing. */
function matchWords(
  store: JmapStore,
  type: ObjectType,
  property: string,
  text: string,
  cut: (ids: string[]) => string[],
): string[] {
  const matches = wordsOf(text).map((word) =>
    cut(store.ids(type).filter((id) => wordsOf(store.textOf(type, id, property)).includes(word))),
  )
  return (matches[0] ?? []).filter((id) => matches.every((ids) => ids.includes(id)))
}

const numberOf = (id: string): number =>
  [...id].reduce((number, letter) => number * 26 + letter.charCodeAt(0) - 97, 0)

/** As Stalwart splits texts: what is no letter and no digit parts words, and one letter is none. */
export const wordsOf = (text: string): string[] =>
  text
    .toLowerCase()
    .split(/[^\p{L}\p{N}]/u)
    .filter((word) => word.length > 1)

function get(
  store: JmapStore,
  type: ObjectType,
  args: z.output<typeof Get>,
  { id, method, before, refuse }: { id: string; method: string; before: readonly Reply[]; refuse: Refuse },
): Reply {
  const reference = args['#ids']
  const referred = before.find(([name, , call]) => call === reference?.resultOf && name === reference?.name)
  if (reference && !referred) return ['error', { type: 'invalidResultReference' }, id]
  const ids = reference ? (referred?.[1] as { ids: string[] }).ids : (args.ids ?? store.ids(type))
  if (ids.length > objectLimit) return refuse('requestTooLarge')
  const properties = args.properties ?? propertiesOf(type)
  const known = ['@type', ...propertiesOf(type)]
  const unknown = properties.find((property) => !known.includes(property))
  if (unknown) return refuse('invalidArguments', `no property ${unknown}`)
  const list = ids.flatMap((it) => store.render(type, it, properties) ?? [])
  const notFound = ids.filter((it) => store.numberOf(type, it) === undefined)
  return [method, { accountId: 'b', state: 'a', list, notFound }, id]
}

/** What is empty is left out, as Stalwart does. */
function set(store: JmapStore, type: ObjectType, args: z.output<typeof Set>, violate: Violate) {
  const created: Record<string, unknown> = {}
  const updated: Record<string, null> = {}
  const destroyed: string[] = []
  const notCreated: Record<string, unknown> = {}
  const notUpdated: Record<string, unknown> = {}
  const notDestroyed: Record<string, unknown> = {}
  for (const [key, sent] of Object.entries(args.create ?? {})) {
    const made = store.create(type, sent)
    if ('value' in made) created[key] = { id: made.value }
    else notCreated[key] = made.error
    if ('error' in made && made.isViolation) violate(`${type}/set create`, JSON.stringify(made.error))
  }
  for (const [key, sent] of Object.entries(args.update ?? {})) {
    const made = store.update(type, key, sent)
    if ('value' in made) updated[key] = null
    else notUpdated[key] = made.error
    if ('error' in made && made.isViolation) violate(`${type}/set update`, JSON.stringify(made.error))
  }
  for (const key of args.destroy ?? []) {
    const error = store.destroy(type, key)
    if (error) notDestroyed[key] = error
    else destroyed.push(key)
  }
  const parts = { created, updated, destroyed, notCreated, notUpdated, notDestroyed }
  const isFull = ([, part]: [string, object]) => Object.keys(part).length > 0
  return { accountId: 'b', newState: 'b', ...Object.fromEntries(Object.entries(parts).filter(isFull)) }
}
