import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { whyRefused, type FindAddresses } from './public-addresses'
import { createPublicFetch, type PublicFetch } from './public-fetch'

const answers = (...found: string[][]): FindAddresses => {
  let turn = 0
  return async () => {
    const addresses = found[Math.min(turn++, found.length - 1)] ?? []
    return addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
  }
}
const codeOf = (error: unknown) => ((error as Error).cause as { code?: string } | undefined)?.code

describe('addresses of tenants', () => {
  let server: Server
  let port: number
  let asked: string[]
  let opened: PublicFetch[]
  beforeEach(async () => {
    asked = []
    opened = []
    server = createServer((request, response) => {
      asked.push(request.url ?? '')
      if (request.url === '/moved') response.writeHead(302, { location: `http://127.0.0.1:${port}/inside` })
      response.end('inside')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    port = (server.address() as AddressInfo).port
  })
  afterEach(async () => {
    for (const one of opened) await one.close()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const open = (allowPrivate: boolean, find?: FindAddresses) => {
    const made = createPublicFetch({ allowPrivate, find })
    opened.push(made)
    return made.fetch
  }

  it.each([
    ...['127.0.0.1', '127.255.0.1', '10.0.0.8', '172.31.0.1', '192.168.1.1', '100.64.0.1', '0.0.0.0'],
    ...['169.254.169.254', '192.0.2.1', '198.18.0.1', '203.0.113.9', '224.0.0.1', '255.255.255.255'],
    ...['2130706433', '0177.0.0.1', '0x7f.1', '127.1', '0x7f000001'],
    ...['[::1]', '[::]', '[fc00::1]', '[fd12:3456::1]', '[fe80::1]', '[ff02::1]', '[::ffff:127.0.0.1]'],
    ...['[::127.0.0.1]', '[64:ff9b::7f00:1]', '[2002:7f00:1::]', '[2001:db8::1]', '[2001::1]'],
    'localhost',
  ])('refuses %s, before anything is sent', async (host) => {
    const address = `https://${host}:${port}/`
    expect(await whyRefused(address, { allowPrivate: false })).toBe(
      'It leads to an address that is not a public one.',
    )
    const error = await open(false)(address).catch((thrown: unknown) => thrown)
    expect([error instanceof TypeError, codeOf(error)]).toEqual([true, 'ADDRESS_NOT_PUBLIC'])
    expect(asked).toEqual([])
  })

  it.each(['93.184.216.34', '8.8.8.8', '172.32.0.1', '[2606:4700::1111]'])('takes %s', async (host) => {
    expect(await whyRefused(`https://${host}/`, { allowPrivate: false })).toBeUndefined()
  })

  it('refuses a name of which one of several answers is private', async () => {
    const find = answers(['93.184.216.34', '10.0.0.1'])
    expect(await whyRefused('https://mail.example/', { allowPrivate: false, find })).toContain('not a public')
  })

  it('refuses a name that was public when it was set and is private when it is asked', async () => {
    const find = answers(['93.184.216.34'], ['127.0.0.1'])
    const address = `https://rebind.example:${port}/`
    expect(await whyRefused(address, { allowPrivate: false, find })).toBeUndefined()
    const error = await open(false, find)(address).catch((thrown: unknown) => thrown)
    expect(codeOf(error)).toBe('ADDRESS_NOT_PUBLIC')
    expect(asked).toEqual([])
  })

  it('connects to the very address that was checked: a name is looked up once', async () => {
    let lookups = 0
    const find: FindAddresses = async () => {
      lookups += 1
      return [{ address: lookups === 1 ? '127.0.0.1' : '192.0.2.1', family: 4 }]
    }
    const answer = await open(true, find)(`http://once.example:${port}/`)
    expect([await answer.text(), lookups]).toEqual(['inside', 1])
  })

  it('asks over http only where the operator allows private networks', async () => {
    const http = `http://93.184.216.34:${port}/`
    expect(await whyRefused(http, { allowPrivate: false })).toBe('It has to begin with https.')
    expect(codeOf(await open(false)(http).catch((thrown: unknown) => thrown))).toBe('ADDRESS_NOT_PUBLIC')
    expect(await (await open(true)(`http://127.0.0.1:${port}/`)).text()).toBe('inside')
  })

  it.each(['169.254.169.254', '0.0.0.0', '[fe80::1]', '[::ffff:127.0.0.1]'])(
    'never asks %s, whatever is allowed',
    async (host) => {
      expect(await whyRefused(`http://${host}/`, { allowPrivate: true })).toContain('not a public')
    },
  )

  it('follows no redirect', async () => {
    const answer = await open(true)(`http://127.0.0.1:${port}/moved`, { redirect: 'follow' })
    expect([answer.status, asked]).toEqual([302, ['/moved']])
  })
})
