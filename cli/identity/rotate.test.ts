import { readFileSync, writeFileSync, existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { generateKeyPairSync } from 'node:crypto'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { CommandLine } from '~~/tests/harness/command-line'
import { describeEachDatabase } from '~~/tests/harness/databases'
import type { HttpClient } from '~~/tests/harness/http'
import { startPortal, type Portal } from '~~/tests/harness/portal'

describeEachDatabase('a machine with an identity', (given) => {
  let portal: Portal
  let operator: HttpClient
  const lines: CommandLine[] = []
  beforeAll(async () => {
    portal = await startPortal(given.url)
    operator = await portal.operator()
    await operator.post('/api/tenants', { slug: 'acme', name: 'Acme' })
  })
  afterAll(() => portal.close())
  afterEach(() => lines.splice(0).forEach((line) => line.remove()))

  const pem = () => String(generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }))
  const fileOf = (line: CommandLine) => join(line.folder, 'tenantry', 'default.json')
  const profileOf = (line: CommandLine) => JSON.parse(readFileSync(fileOf(line), 'utf8'))
  let count = 0
  async function claimed(env: Record<string, string> = {}) {
    const line = new CommandLine(env)
    lines.push(line)
    line.onWait = async () => {
      await operator.post(`/api/claims/${line.shown.at(-1)?.split('/').at(-1)}/accept`, { tenant: 'acme' })
    }
    const where = ['--server', operator.url, '--audience', operator.origin]
    const made = await line.run([
      'identity',
      'init',
      '--handle',
      `rotating-${(count += 1)}`,
      ...where,
      '--json',
    ])
    expect(made.code).toBe(0)
    return { line, did: made.json.identity.did as string }
  }

  it('takes another key, and the former one is good for nothing', async () => {
    const { line, did } = await claimed()
    const former = profileOf(line)
    const { code, json } = await line.run(['identity', 'rotate', '--json'])
    expect(code).toBe(0)
    expect(json.did).not.toBe(did)
    expect(statSync(fileOf(line)).mode & 0o777).toBe(0o600)
    expect((await line.run(['whoami', '--json'])).json.identity.did).toBe(json.did)
    writeFileSync(fileOf(line), JSON.stringify(former))
    expect((await line.run(['whoami'])).code).toBe(3)
  })

  it('finishes a rotation that was cut off before the portal heard of it', async () => {
    const { line, did } = await claimed()
    const profile = profileOf(line)
    writeFileSync(fileOf(line), JSON.stringify({ ...profile, nextPrivateKey: pem() }))
    const { code, json } = await line.run(['identity', 'rotate', '--json'])
    expect({ code, same: json.did === did }).toEqual({ code: 0, same: false })
    expect(profileOf(line)).not.toHaveProperty('nextPrivateKey')
    expect((await line.run(['whoami'])).code).toBe(0)
  })

  it('finishes one whose answer was lost', async () => {
    const { line } = await claimed()
    const before = profileOf(line)
    const { json } = await line.run(['identity', 'rotate', '--json'])
    const { privateKey: next } = profileOf(line)
    writeFileSync(fileOf(line), JSON.stringify({ ...before, nextPrivateKey: next }))
    expect((await line.run(['identity', 'rotate', '--json'])).json.did).toBe(json.did)
    expect((await line.run(['whoami'])).code).toBe(0)
  })

  it('takes the new key from a file where the present one is in the environment', async () => {
    const { line } = await claimed({ TENANTRY_IDENTITY_KEY: pem() })
    expect((await line.run(['identity', 'rotate'])).code).toBe(2)
    const next = join(line.folder, 'next.pem')
    writeFileSync(next, pem())
    expect((await line.run(['identity', 'rotate', '--new-key-file', next])).code).toBe(0)
    expect((await line.run(['whoami'])).code).toBe(3)
    line.env.TENANTRY_IDENTITY_KEY = readFileSync(next, 'utf8')
    expect((await line.run(['whoami'])).code).toBe(0)
  })

  it('gives itself up, once it is sure', async () => {
    const { line } = await claimed()
    const kept = readFileSync(fileOf(line), 'utf8')
    expect((await line.run(['identity', 'revoke'])).code).toBe(2)
    expect((await line.run(['identity', 'revoke', '--yes'])).code).toBe(0)
    expect(existsSync(fileOf(line))).toBe(false)
    writeFileSync(fileOf(line), kept)
    expect(await line.run(['whoami'])).toMatchObject({
      code: 3,
      errors: expect.stringContaining('identity.revoked'),
    })
    const { items } = (await operator.get('/api/tenants/acme/audit')).json
    expect(items).toContainEqual(expect.objectContaining({ action: 'identity.revoked' }))
  })
})
