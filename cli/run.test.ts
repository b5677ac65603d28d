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

/** What comes of a command where the portal gives this answer to whatever it is asked. */
async function answeredBy(status: number, problem: object, argv: string[]) {
  const server = createServer((_, response) => {
    response.writeHead(status, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const line = new CommandLine({ ...given.env, TENANTRY_SERVER: `http://127.0.0.1:${port}` })
  try {
    return await line.run(argv)
  } finally {
    line.remove()
    server.closeAllConnections()
    server.close()
  }
}

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
    const { code, errors } = await answeredBy(status, problem, ['whoami'])
    expect({ code, errors }).toEqual({ code: expected, errors: 'It is so. And so. (x.so)\n' })
  })

  it.each([[[]], [['--json']]])(
    'what a portal says moves no cursor and sets no colour: %j',
    async (options) => {
      const title = 'It is\u001B[2J so\u009B0m.\u202E'
      const problem = { type: 'urn:x', title, detail: 'And\r so.', status: 409, code: 'x.so' }
      const { code, errors } = await answeredBy(409, problem, ['whoami', ...options])
      expect(code).toBe(1)
      // eslint-disable-next-line no-control-regex -- they are what must not be there
      expect(errors).not.toMatch(/[\0-\x09\x0B-\x1F\x7F-\x9F\u202E]/)
      const message = 'It is\\u001b[2J so\\u009b0m.\\u202e And\\u000d so.'
      if (options.length === 0) expect(errors).toBe(`${message} (x.so)\n`)
      else expect(JSON.parse(errors)).toMatchObject({ error: { message: `${title} And\r so.` } })
    },
  )

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
