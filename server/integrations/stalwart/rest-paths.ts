export const pageSize = 100

/** A principal of 0.15 is asked for by its name. */
export const principalPath = (name: string): string => `/api/principal/${encodeURIComponent(name)}`

/** A page of principals, with these fields alone: all of them would be with the hashes of passwords. */
export function principalsPath(query: {
  types: 'domain' | 'individual'
  fields: readonly string[]
  page: number
  /** Words that all have to be in name, description or e-mail addresses. */
  filter: string | undefined
}): string {
  const { types, fields, page, filter } = query
  const search = new URLSearchParams({
    types,
    fields: fields.join(','),
    page: String(page),
    limit: String(pageSize),
    ...(filter === undefined ? {} : { filter }),
  })
  return `/api/principal?${search}`
}

/** The page that a cursor of ours stands for. */
export const pageNumber = (cursor: string | null): number =>
  cursor !== null && /^[1-9]\d{0,8}$/.test(cursor) ? Number(cursor) : 1
