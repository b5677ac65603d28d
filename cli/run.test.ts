import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterAll, describe, expect, it } from 'vitest'
import { CommandLine } from '../tests/harness/command-line'

const given = new CommandLine({
  TENANTRY_API_TOKEN: 'tnt_secret-of-the-environment',
  TENANTRY_SERVER: 'http://127.0.0.1:1',
})
const bare = new CommandLine()
afterAll(() => {
  given.remove()
  bare.remove()
})

describe('the command line', () => {
  it.each([
    [['vault', 'got', 'a/b'], 'There is no command vault got.'],
    [['vault', 'get'], 'Missing required positional argument: SECRET.'],
    [['vault', 'get', 'a/b', 'c/d'], 'Too much: c/d.'],
    [['vault', 'get', 'a/b', '--reson', 'x'], 'There is no option --reson.'],
    [['vault', 'get', 'a/b', '--vault'], '--vault wants a value.'],
    [['vault', 'get', 'no-name'], 'A secret is SERVICE/NAME'],
    [['identity', 'init', '--server', 'portal'], '--server takes an origin'],
    [['identity', 'init', '--server', 'http://portal.example.org'], '--server is not https'],
    [['whoami', '--profile', '../../etc'], "A profile's name has"],
  ])('%j is misuse: 2', async (argv, words) => {
    const { code, errors, text } = await bare.run(argv)
    expect({ code, text }).toEqual({ code: 2, text: '' })
    expect(errors).toContain(words)
  })

  it('ends with 3 where nobody is signed in, and says it in JSON where that is asked for', async () => {
    const { code, errors } = await bare.run(['whoami', '--json'])
    expect(code).toBe(3)
    expect(JSON.parse(errors)).toMatchObject({ error: { code: 'cli.signed_out' } })
  })

  it('ends with 5 where the portal is out of reach', async () => {
    const { code, errors } = await given.run(['whoami', '--json'])
    expect({ code, ...JSON.parse(errors) }).toMatchObject({ code: 5, error: { code: 'cli.unreachable' } })
  })

  it.each([
    [400, 1],
    [401, 3],
    [403, 3],
    [404, 4],
    [409, 1],
    [422, 1],
    [429, 5],
    [500, 5],
    [503, 5],
  ])('an answer of %i ends with %i, in the words of the portal', async (status, expected) => {
    const problem = {
      type: 'urn:x',
      title: 'It is so.',
      detail: 'And so.',
      status,
      code: 'x.so',
      requestId: '1',
    }
    const server = createServer((_, response) => {
      response.writeHead(status, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem))
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const line = new CommandLine({ ...given.env, TENANTRY_SERVER: `http://127.0.0.1:${port}` })
    const { code, errors } = await line.run(['whoami'])
    line.remove()
    server.closeAllConnections()
    server.close()
    expect({ code, errors }).toEqual({ code: expected, errors: 'It is so. And so. (x.so)\n' })
  })

  it('helps where it is asked to, with examples', async () => {
    expect(await bare.run([])).toMatchObject({ code: 0, text: expect.stringContaining('EXIT CODES') })
    expect(await bare.run(['vault', 'get', '--help'])).toMatchObject({
      code: 0,
      text: expect.stringContaining('tenantry vault get smtp/password'),
    })
    expect(await bare.run(['vault'])).toMatchObject({ code: 2, text: '' })
    expect((await bare.run(['--version', '--json'])).json).toHaveProperty('version')
  })
})
