import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { CommandLine } from '~~/tests/harness/command-line'
import { describeEachDatabase } from '~~/tests/harness/databases'
import { startPortal, type Portal } from '~~/tests/harness/portal'

describeEachDatabase('tenantry vault', (given) => {
  let portal: Portal
  let line: CommandLine
  beforeAll(async () => {
    portal = await startPortal(given.url)
    const operator = await portal.operator()
    await operator.post('/api/tenants', { slug: 'acme', name: 'Acme' })
    line = new CommandLine()
    line.onWait = async () => {
      const token = line.shown.at(-1)?.split('/').at(-1)
      await operator.post(`/api/claims/${token}/accept`, { tenant: 'acme', role: 'admin' })
    }
    const where = ['--server', operator.url, '--audience', operator.origin]
    expect((await line.run(['identity', 'init', '--handle', 'vaulter', ...where])).code).toBe(0)
  })
  afterAll(async () => {
    line.remove()
    await portal.close()
  })

  it('gives back every character that was put', async () => {
    const value = '\uFEFFline one\r\nü 🗝 \u0000\u0001\\"\n\n'
    expect(await line.run(['vault', 'put', 'smtp/password'], { input: value })).toMatchObject({ code: 0 })
    expect((await line.run(['vault', 'get', 'smtp/password'])).stdout).toEqual(Buffer.from(value))
    expect((await line.run(['vault', 'get', 'smtp/password', '--json'])).json).toMatchObject({
      value,
      version: 1,
    })
  })

  it('takes it from a file, and without its last newline where that is asked for', async () => {
    const file = join(line.folder, 'value.txt')
    writeFileSync(file, 'from a file\n')
    await line.run(['vault', 'put', 'files/whole', '--file', file])
    await line.run(['vault', 'put', 'files/trimmed', '--file', file, '--trim'])
    expect((await line.run(['vault', 'get', 'files/whole'])).text).toBe('from a file\n')
    expect((await line.run(['vault', 'get', 'files/trimmed'])).text).toBe('from a file')
  })

  it('lists names and no values', async () => {
    await line.run(['vault', 'put', 'list/one'], { input: 'the value of one' })
    const { code, json, text } = await line.run(['vault', 'list', '--prefix', 'list/', '--json'])
    expect({ code, json }).toMatchObject({ code: 0, json: { items: [{ service: 'list', name: 'one' }] } })
    expect(text).not.toContain('the value')
    expect((await line.run(['vault', 'list'])).text).toContain('list/one')
  })

  it('shows versions, brings one back, and deletes them all', async () => {
    for (const input of ['first', 'second'])
      await line.run(['vault', 'put', 'old/one', '--note', input], { input })
    const { json } = await line.run(['vault', 'versions', 'old/one', '--json'])
    expect(json.items).toMatchObject([
      { version: 2, isCurrent: true },
      { version: 1, note: 'first' },
    ])
    expect((await line.run(['vault', 'restore', 'old/one', '1'])).code).toBe(0)
    expect((await line.run(['vault', 'get', 'old/one'])).text).toBe('first')
    expect((await line.run(['vault', 'restore', 'old/one', '77'])).code).toBe(4)
    expect((await line.run(['vault', 'delete', 'old/one'])).code).toBe(2)
    expect((await line.run(['vault', 'delete', 'old/one', '--yes'])).code).toBe(0)
    expect((await line.run(['vault', 'get', 'old/one'])).code).toBe(4)
  })

  it('refuses what it could not give back, and says what is not there', async () => {
    expect((await line.run(['vault', 'put', 'a/b'], { input: Buffer.from([0xff, 0xfe]) })).code).toBe(2)
    expect((await line.run(['vault', 'put', 'a/b'])).code).toBe(2)
    expect((await line.run(['vault', 'get', 'a/nothing'])).code).toBe(4)
    expect((await line.run(['vault', 'get', 'a/b', '--vault', 'foreign'])).code).toBe(4)
    expect((await line.run(['vault', 'put', 'a/b', '--file', '/nowhere/x'])).code).toBe(1)
  })
})
