import Assembler from 'stream-json/core/assembler.js'
import { jsonParser } from 'stream-json/core/parser.js'

/** Deeper than any true answer. */
const depthLimit = 100
/** So many characters of what does not fit tell what it is. */
const beginningLength = 1000
/** Of an item in a list in an object. */
const itemsDepth = 2

/** A body that was read item by item. */
export interface ItemsAnswer {
  readonly status: number
  readonly headers: Headers
  /** How it begins. */
  readonly text: string
  /** What it holds, its lists empty; undefined where it is no JSON, or nested too deeply. */
  readonly body: unknown
}

/**
 * Reads an answer that is an object with a list, such as `{ "value": [ … ] }`, and gives the items as they come: what
 * is held of it at a time is one of them, however long it is.
 *
 * @param take is given each item, of whatever list of the object
 * @returns undefined where it is longer than the limit
 * @throws what the connection does; what `take` does, and then the rest is not read
 */
export async function readItems(
  response: Response,
  limitBytes: number,
  take: (item: unknown) => void,
): Promise<ItemsAnswer | undefined> {
  const { status, headers } = response
  const reader = response.body?.getReader()
  const decoder = new TextDecoder()
  const assembly = assemble(take)
  let text = ''
  let isJson = true
  try {
    for (let size = 0; reader;) {
      const { done, value } = await reader.read()
      // A word is known to be whole by what follows it.
      const piece = done ? decoder.decode() + ' ' : decoder.decode(value, { stream: true })
      if (!done && text.length < beginningLength) text += piece.slice(0, beginningLength)
      isJson &&= assembly.add(piece)
      if (done) break
      size += value.byteLength
      if (size > limitBytes) return undefined
    }
  } finally {
    await reader?.cancel()
  }
  return { status, headers, text, body: isJson ? assembly.whole() : undefined }
}

/** Puts a document together from its pieces, without the items of its lists. */
function assemble(take: (item: unknown) => void) {
  const parse = jsonParser({ packValues: true, streamValues: false })
  const assembler = new Assembler()
  let isBegun = false

  function handOver(): void {
    const { current, depth } = assembler
    if (depth !== itemsDepth || !Array.isArray(current) || current.length === 0) return
    const [item] = current.splice(0) as unknown[]
    take(item)
  }

  return {
    /** @returns whether it can be the next piece of a document */
    add(piece: string): boolean {
      for (const token of tokensOf(parse, piece)) {
        if (token === 'broken') return false
        isBegun = true
        assembler.consume(token)
        if (assembler.depth > depthLimit) return false
        handOver()
      }
      return true
    },
    /** Undefined where it did not come to its end. */
    whole: (): unknown => (isBegun && assembler.done ? assembler.current : undefined),
  }
}

type Token = Parameters<Assembler['consume']>[0]

function tokensOf(parse: ReturnType<typeof jsonParser>, piece: string): readonly (Token | 'broken')[] {
  try {
    const tokens = parse(piece)
    return typeof tokens === 'object' ? tokens.values : []
  } catch {
    return ['broken']
  }
}
