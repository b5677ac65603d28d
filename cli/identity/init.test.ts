import { generateKeyPairSync } from 'node:crypto'
import { mkdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import { claimSeconds } from '#server/identities/claim-tokens'
import { CommandLine } from '~~/tests/harness/command-line'
import { describeEachDatabase } from '~~/tests/harness/databases'
import type { HttpClient } from '~~/tests/harness/http'
import { startPortal, type Portal } from '~~/tests/harness/portal'

describeEachDatabase('tenantry identity init', (given) => {
  let portal: Portal
  let operator: HttpClient
  const machines: CommandLine[] = []
  beforeAll(async () => {
    portal = await startPortal(given.url)
    operator = await portal.operator()
    await operator.post('/api/tenants', { slug: 'acme', name: 'Acme' })
  })
  afterAll(() => portal.close())
  afterEach(() => machines.splice(0).forEach((machine) => machine.remove()))

  const machine = (env?: Record<string, string>) => {
    const made = new CommandLine(env)
    machines.push(made)
    return made
  }
  let count = 0
  const begin = (handle = `cli-${(count += 1)}`) => [
    ...['identity', 'init', '--handle', handle],
    ...['--server', operator.url, '--audience', operator.origin],
  ]
  /** What a person does with the address that was shown last. */
  const decide = async (line: CommandLine, what: 'accept' | 'reject') => {
    const token = line.shown.at(-1)?.split('/').at(-1)
    const answer = await operator.post(
      `/api/claims/${token}/${what}`,
      what === 'accept' ? { tenant: 'acme' } : undefined,
    )
    expect([200, 204]).toContain(answer.status)
  }
  const fileOf = (line: CommandLine) => join(line.folder, 'tenantry', 'default.json')

  it('makes a key that its owner alone reads, waits to be accepted, and says who it is', async () => {
    const line = machine()
    line.onWait = () => decide(line, 'accept')
    const { code, json, errors } = await line.run([...begin('backup-1'), '--json'])
    expect({ code, json }).toMatchObject({
      code: 0,
      json: { identity: { handle: 'backup-1' }, tenant: { slug: 'acme' }, vaults: [{ handle: 'default' }] },
    })
    expect(errors).toContain(line.shown[0])
    expect(statSync(fileOf(line)).mode & 0o777).toBe(0o600)
    expect(statSync(join(line.folder, 'tenantry')).mode & 0o777).toBe(0o700)
    expect(await line.run(['whoami'])).toMatchObject({
      code: 0,
      text: expect.stringContaining('acme (Acme)'),
    })
  })

  it('goes on with the same key when it is run again', async () => {
    const line = machine()
    const argv = begin()
    const first = await line.run([...argv, '--no-wait', '--json'])
    expect(first.json).toMatchObject({ status: 'pending', claimUrl: expect.stringContaining('/claims/') })
    const before = readFileSync(fileOf(line), 'utf8')
    line.onWait = () => decide(line, 'accept')
    expect((await line.run(['identity', 'init'])).code).toBe(0)
    expect(readFileSync(fileOf(line), 'utf8')).toBe(before)
    expect(await line.run(begin('another'))).toMatchObject({
      code: 2,
      errors: expect.stringContaining('--profile'),
    })
  })

  it('ends with 3 where it is rejected, and may ask again', async () => {
    const line = machine()
    const argv = begin()
    line.onWait = () => decide(line, 'reject')
    expect(await line.run(argv)).toMatchObject({ code: 3, errors: expect.stringContaining('rejected') })
    line.onWait = () => decide(line, 'accept')
    expect((await line.run(argv)).code).toBe(0)
  })

  it('gives up after the time that it was given', async () => {
    const line = machine()
    expect(await line.run([...begin(), '--timeout', '4'])).toMatchObject({
      code: 1,
      errors: expect.stringContaining('cli.not_claimed'),
    })
  })

  it('shows another address where nobody opened the first in time, also where the portal is away meanwhile', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    try {
      const line = machine()
      let timesAway = 2
      line.fetch = (request) => {
        const isAway = line.shown.length > 0 && request.method === 'POST' && timesAway-- > 0
        return isAway ? Promise.reject(new TypeError('fetch failed')) : fetch(request)
      }
      line.onWait = async () => {
        vi.setSystemTime(Date.now() + (claimSeconds * 1000) / 5)
        if (line.shown.length > 1) await decide(line, 'accept')
      }
      const { code, errors } = await line.run(begin())
      expect({ code, timesAway }).toEqual({ code: 0, timesAway: -1 })
      expect(new Set(line.shown).size).toBe(2)
      for (const address of line.shown) expect(errors).toContain(address)
      const former = line.shown[0]?.split('/').at(-1)
      expect((await operator.get(`/api/claims/${former}`)).status).toBe(404)
      expect((await line.run(['whoami'])).code).toBe(0)
    } finally {
      vi.useRealTimers()
    }
  })

  it('opens no browser where none is wanted', async () => {
    const line = machine()
    const { errors } = await line.run([...begin(), '--no-open', '--timeout', '2'])
    expect(errors).toContain('/claims/')
    expect(line.shown).toEqual([])
  })

  it('is refused a handle that another machine has', async () => {
    const argv = [...begin('taken-1'), '--no-wait']
    expect((await machine().run(argv)).code).toBe(0)
    expect(await machine().run(argv)).toMatchObject({
      code: 1,
      errors: expect.stringContaining('identity.handle_taken'),
    })
  })

  it('takes the key of the environment, and writes it down nowhere', async () => {
    const pem = String(generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }))
    const line = machine({ TENANTRY_IDENTITY_KEY: pem })
    line.onWait = () => decide(line, 'accept')
    expect((await line.run(begin())).code).toBe(0)
    expect(readFileSync(fileOf(line), 'utf8')).not.toContain('PRIVATE')
    expect((await line.run(['whoami'])).code).toBe(0)
  })

  it('leaves what is no identity as it is', async () => {
    const line = machine()
    mkdirSync(fileOf(line), { recursive: true })
    expect(await line.run(begin())).toMatchObject({
      code: 1,
      errors: expect.stringContaining('cli.profile_broken'),
    })
  })
})
