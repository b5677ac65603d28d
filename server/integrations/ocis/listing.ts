import type { z } from 'zod'
import type { Call, Exchange } from './exchange'
import { failed } from './failure'

type Page<Item> = z.ZodType<{ value: Item[]; next: string | null }>

/**
 * Reads a listing to its end. The published interface has `@odata.nextLink`, though today's servers send everything
 * at once; of such a link only the query is taken, so that it can't send us elsewhere.
 */
export async function listAll<Item>(
  exchange: Exchange,
  call: Omit<Call<Page<Item>>, 'method' | 'isListing'>,
  signal: AbortSignal,
): Promise<Item[]> {
  const found: Item[] = []
  const asked = new Set<string>()
  let query = call.query
  for (;;) {
    asked.add(JSON.stringify(query ?? {}))
    const page = await exchange(
      { ...call, ...(query ? { query } : {}), method: 'GET', isListing: true },
      signal,
    )
    found.push(...page.value)
    if (page.next === null) return found
    query = URL.canParse(page.next, 'http://local')
      ? Object.fromEntries(new URL(page.next, 'http://local').searchParams)
      : {}
    if (asked.has(JSON.stringify(query))) {
      throw failed('contract', `OCIS was asked to ${call.purpose} and lists its pages in a circle`)
    }
  }
}
