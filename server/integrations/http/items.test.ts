import { describe, expect, it } from 'vitest'
import { readItems } from './items'

/** An answer that comes in pieces of so many bytes. */
function inPieces(text: string, size: number): Response {
  const bytes = new TextEncoder().encode(text)
  let start = 0
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (start >= bytes.length) return controller.close()
      controller.enqueue(bytes.slice(start, start + size))
      start += size
    },
  })
  return new Response(body)
}
async function read(text: string, { size = 7, limitBytes = 10_000 } = {}) {
  const items: unknown[] = []
  const answer = await readItems(inPieces(text, size), limitBytes, (item) => void items.push(item))
  return { items, answer }
}

describe('an answer that is read item by item', () => {
  const value = [{ id: 'ø€😀', quota: { total: 1.5e3, list: [1, [2]] } }, null, 'x', { root: null }, []]
  const whole = { '@odata.context': 'a', value, '@odata.nextLink': 'b' }

  it.each([1, 2, 3, 1000])(
    'gives each as it is, in pieces of %i bytes, and the rest without them',
    async (size) => {
      const { items, answer } = await read(JSON.stringify(whole), { size })
      expect(items).toEqual(value)
      expect(answer).toMatchObject({ status: 200, body: { ...whole, value: [] } })
    },
  )

  it.each(['{"value":null}', '{}', 'null', ' {"value":[]} '])('may hold none: %s', async (text) => {
    const { items, answer } = await read(text)
    expect(items).toEqual([])
    expect(answer?.body).toEqual(JSON.parse(text))
  })

  it.each([
    ['is cut', '{"value":[{"id":1},{"id":'],
    ['is nothing', ''],
    ['is a page', '<!DOCTYPE html><html></html>'],
    ['goes on after its end', '{"value":[]}{'],
    ['is nested without end', `{"value":[${'['.repeat(200)}`],
  ])('is no JSON where it %s, and tells how it begins', async (_what, text) => {
    const { answer } = await read(text)
    expect(answer?.body).toBeUndefined()
    expect(answer?.text).toBe(text)
  })

  it('is not read beyond the limit', async () => {
    const { answer } = await read(JSON.stringify(whole), { limitBytes: 20 })
    expect(answer).toBeUndefined()
  })

  it('is not read on where an item does not fit', async () => {
    let pulled = 0
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled += 1
        controller.enqueue(new TextEncoder().encode(pulled === 1 ? '{"value":[{}' : ',{}'))
      },
    })
    const refuse = () => {
      throw new TypeError('it does not fit')
    }
    await expect(readItems(new Response(endless), 1000, refuse)).rejects.toThrow('it does not fit')
    expect(pulled).toBeLessThan(5)
  })
})
