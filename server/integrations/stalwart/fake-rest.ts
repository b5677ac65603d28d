import { z } from 'zod'
import type { OperationId } from './fake-operations.ts'
import { problem, type FakeAnswer } from './fake-answers.ts'
import { wordsOf } from './fake-jmap.ts'
import {
  ChangesBody,
  DkimBody,
  ListQuery,
  PrincipalAnswer,
  PrincipalBody,
  SettingsBody,
} from './fake-rest-schema.ts'
import type { RestStore } from './fake-rest-store.ts'

/** What of a request decides which operation it is. */
interface RestRequest {
  method: string
  path: string
  query: URLSearchParams
  body: unknown
}
type Violate = (where: string, what: string) => void

/** Which operation of 0.15 a request asks for; undefined: none that the fake performs. */
export function restOperationOf(method: string, path: string): OperationId | undefined {
  const principal = /^\/api\/principal\/[^/]+$/.test(path) && path !== '/api/principal/deploy'
  switch (`${method} ${principal ? '/api/principal/*' : path.replace(/^(\/api\/dns\/records\/).+/, '$1*')}`) {
    case 'GET /api/principal':
      return 'principal/list'
    case 'POST /api/principal':
    case 'POST /api/principal/deploy':
      return 'principal/create'
    case 'GET /api/principal/*':
      return 'principal/get'
    case 'PATCH /api/principal/*':
      return 'principal/update'
    case 'DELETE /api/principal/*':
      return 'principal/delete'
    case 'POST /api/dkim':
      return 'dkim/create'
    case 'GET /api/dns/records/*':
      return 'dns/records'
    case 'POST /api/settings':
      return 'settings/update'
    case 'GET /api/reload':
      return 'reload'
    default:
      return undefined
  }
}

/** Performs an operation of 0.15; whatever it refuses, but for what is unfit, it answers with 200. */
export function performRest(
  store: RestStore,
  operation: OperationId,
  request: RestRequest,
  violate: Violate,
): FakeAnswer {
  const name = decodeURIComponent(request.path.slice(request.path.lastIndexOf('/') + 1))
  const done = (body: unknown): FakeAnswer => ({ status: 200, body })

  function fitting<Schema extends z.ZodType>(
    schema: Schema,
    value: unknown,
    work: (value: z.output<Schema>) => unknown,
  ): FakeAnswer {
    const parsed = schema.safeParse(value)
    if (parsed.success) return done(work(parsed.data))
    violate(operation, z.prettifyError(parsed.error))
    return problem(400, 'Invalid Parameters', 'One or multiple parameters could not be parsed.')
  }

  const show = (principal: ReturnType<RestStore['find']>, fields: readonly string[]) =>
    principal && render(principal, fields, violate)

  switch (operation) {
    case 'principal/list':
      return fitting(ListQuery, Object.fromEntries(request.query), (query) => list(store, query, show))
    case 'principal/create':
      return fitting(PrincipalBody, request.body, (body) => store.create(body, name === 'deploy'))
    case 'principal/get':
      return done(show(store.find(name), []) ? { data: show(store.find(name), []) } : missing(name))
    case 'principal/update':
      return fitting(ChangesBody, request.body, (changes) => store.update(name, changes))
    case 'principal/delete':
      return done(store.remove(name))
    case 'dkim/create':
      return fitting(DkimBody, request.body, ({ algorithm, domain }) => store.createKey(algorithm, domain))
    case 'dns/records':
      return done({ data: store.recordsOf(name) })
    case 'settings/update':
      return fitting(SettingsBody, request.body, (changes) => {
        for (const change of changes) {
          store.deleteSettings((setting) =>
            change.type === 'delete' ? change.keys.includes(setting) : setting.startsWith(change.prefix),
          )
        }
        return { data: null }
      })
    default:
      store.reload()
      return done({ data: { warnings: {}, errors: {} } })
  }
}

const missing = (item: string) => ({ error: 'notFound', item })

function list(
  store: RestStore,
  query: z.output<typeof ListQuery>,
  show: (principal: ReturnType<RestStore['find']>, fields: readonly string[]) => unknown,
) {
  const { types, fields, filter } = query
  const words = wordsOf(filter ?? '')
  const found = store.list().filter((principal) => {
    const text = wordsOf([principal.name, principal.description, ...principal.emails].join(' '))
    return (types === undefined || principal.type === types) && words.every((word) => text.includes(word))
  })
  const limit = Number(query.limit ?? 0)
  const offset = Math.max(Number(query.page ?? 0) - 1, 0) * limit
  const items = found.slice(offset, limit > 0 ? offset + limit : undefined)
  const wanted = fields?.split(',') ?? []
  return { data: { items: items.map((principal) => show(principal, wanted)), total: found.length } }
}

/** A list of one is a text, and what is empty is left out. */
function render(
  principal: NonNullable<ReturnType<RestStore['find']>>,
  fields: readonly string[],
  violate: Violate,
): Record<string, unknown> {
  const { id, type, ...rest } = principal
  const shown = Object.entries(rest).flatMap(([key, value]) => {
    const isWanted = fields.length === 0 || fields.includes(key)
    if (!isWanted || value === '' || value === 0 || (Array.isArray(value) && value.length === 0)) return []
    return [[key, Array.isArray(value) && value.length === 1 ? value[0] : value]]
  })
  const answer = { id, type, ...(Object.fromEntries(shown) as Record<string, unknown>) }
  const parsed = PrincipalAnswer.safeParse(answer)
  if (!parsed.success) violate('principal answer', z.prettifyError(parsed.error))
  return answer
}
