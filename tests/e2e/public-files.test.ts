import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startServer, type BuiltServer } from '../harness/server'

let server: BuiltServer
let files: string[]

beforeAll(async () => {
  server = await startServer()
  const page = await (await fetch(`${server.url}/login`)).text()
  files = [...new Set(page.match(/\/_nuxt\/[\w.-]+\.(?:js|css)/g))]
})
afterAll(() => server.stop())

const get = (path: string, encodings: string) =>
  fetch(server.url + path, { headers: { 'accept-encoding': encodings } })

describe('a file of the build', () => {
  it.each([
    ['br', 'br'],
    ['gzip, deflate, br, zstd', 'br'],
    ['gzip', 'gzip'],
    ['identity', null],
    ['br;q=0, zstd', null],
  ])('comes as small as can be to who accepts %s, and is the same', async (accepted, encoding) => {
    const [path = ''] = files
    const answer = await get(path, accepted)
    expect(answer.headers.get('content-encoding')).toBe(encoding)
    expect(answer.headers.get('vary')?.toLowerCase()).toContain('accept-encoding')
    expect(answer.headers.get('content-type')).toMatch(/^text\/(javascript|css)/)
    expect(answer.headers.get('cache-control')).toContain('immutable')
    expect(await answer.text()).toBe(await (await get(path, 'identity')).text())
  })

  it('is one of few, and all that the first page takes is below 400 kB', async () => {
    const sizes = await Promise.all(
      files.map(async (path) => Number((await get(path, 'gzip')).headers.get('content-length'))),
    )
    expect(sizes.length).toBeGreaterThan(2)
    expect(sizes.length).toBeLessThan(30)
    for (const size of sizes) expect(size).toBeGreaterThan(0)
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(400_000)
  })
})
