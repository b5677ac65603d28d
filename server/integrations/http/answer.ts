/** An answer, read as far as it is wanted. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

/** So much is read of what says no: whatever is longer is no refusal that anybody would read. */
const refusalLimitBytes = 64 * 1024
/** Deeper than any true answer. */
const depthLimit = 100

/** Whether the status says that it was done. */
export const isDone = ({ status }: { status: number }): boolean => status >= 200 && status <= 299

/**
 * Reads an answer to its end; of one that says no just its beginning, and what came of it where the rest does not
 * come, since its status says enough.
 *
 * @returns undefined where what was done is told at more length than the limit
 * @throws what the connection does
 */
export async function readAnswer(response: Response, limitBytes: number): Promise<Answer | undefined> {
  const { status, headers } = response
  const chunks: Uint8Array[] = []
  const limit = isDone(response) ? limitBytes : refusalLimitBytes
  const isWhole = await readInto(chunks, response, limit).catch((error: unknown) => {
    if (isDone(response)) throw error
    return false
  })
  if (!isWhole && isDone(response)) return undefined
  return { status, headers, text: Buffer.concat(chunks).toString('utf8') }
}

/** @returns false where there is more than the limit */
async function readInto(chunks: Uint8Array[], response: Response, limitBytes: number): Promise<boolean> {
  const reader = response.body?.getReader()
  for (let size = 0; reader;) {
    const { done, value } = await reader.read()
    if (done) break
    size += value.byteLength
    if (size > limitBytes) {
      await reader.cancel()
      return false
    }
    chunks.push(value)
  }
  return true
}

/**
 * What an answer holds; undefined where its body is empty.
 *
 * @throws SyntaxError where it is no JSON, or nested so deeply that whoever walks through it would not come back
 */
export function parseBody({ text }: Answer): unknown {
  if (text.trim() === '') return undefined
  if (isTooDeep(text)) throw new SyntaxError('nested too deeply')
  return JSON.parse(text)
}

function isTooDeep(text: string): boolean {
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (character === '"') at = endOfString(text, at)
    else if (character === '[' || character === '{') depth += 1
    else if (character === ']' || character === '}') depth -= 1
    if (depth > depthLimit) return true
  }
  return false
}

/** @returns where the quote is that ends the string; the text's length where none does */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let escapes = 0
    while (text[end - 1 - escapes] === '\\') escapes += 1
    if (escapes % 2 === 0) return end
  }
  return text.length
}

/** Names what an unfit body is, without repeating any of it. */
export function bodyKind({ headers, text }: Answer): string {
  if (!text.trim()) return 'an empty body'
  const isHtml = /html/i.test(headers.get('content-type') ?? '') || /^\s*<(!doctype|html)/i.test(text)
  return isHtml ? 'an HTML page in place of JSON' : 'a body that does not fit its schema'
}
