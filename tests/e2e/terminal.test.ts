import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { HttpClient } from '../harness/http'
import { startServer, type BuiltServer } from '../harness/server'
import { atTerminal, ctrlC, enter, quoted } from '../harness/terminal'

const bundle = fileURLToPath(new URL('../../.output/server/cli/tenantry.mjs', import.meta.url))
const program = [process.execPath, bundle].map(quoted).join(' ')
const password = 'correct horse battery staple'
const email = 'olga@example.org'
/** What a line that is written over begins with. */
const rewritten = '\r\u001B[K'

let server: BuiltServer
let operator: HttpClient
let serverEnv: Record<string, string>
let home: string
const folders: string[] = []

const newFolder = () => {
  const folder = mkdtempSync(join(tmpdir(), 'tenantry-terminal-'))
  folders.push(folder)
  return folder
}
/** A command, and after it how the terminal was left. */
const tenantry = (args: string, env: Record<string, string> = {}) =>
  atTerminal(`${program} ${args}; code=$?; stty -a; exit $code`, { XDG_CONFIG_HOME: home, ...env })
/** The terminal as a shell wants it: what is typed is shown, and Ctrl-C interrupts. */
const isRestored = (screen: string) =>
  ['icanon', 'echo', 'isig'].every((flag) => new RegExp(`(?<![-\\w])${flag}(?!\\w)`).test(screen))
const accept = (claimUrl: string) =>
  operator.post(`/api/claims/${claimUrl.split('/').at(-1)}/accept`, { tenant: 'acme', role: 'admin' })
const claimUrl = /http:\/\/\S+\/claims\/[\w-]+/

beforeAll(async () => {
  server = await startServer()
  serverEnv = { DATA_DIR: server.dataDir, PUBLIC_URL: server.url }
  operator = new HttpClient(server.url, server.url)
  await operator.post('/api/setup', { name: 'Olga', email, password })
  expect((await operator.post('/api/tenants', { slug: 'acme', name: 'Acme' })).status).toBe(201)
})
afterAll(() => server.stop())
afterEach(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true, force: true })))

describe('a secret that is typed', () => {
  it('is not shown, unlike what is typed at a shell', async () => {
    const shell = atTerminal('read typed; echo "it was $typed"')
    shell.type(`plain${enter}`)
    await shell.ended
    expect(shell.screen()).toMatch(/plain[^]*it was plain/)

    const secret = 'winter turnips sing loudly'
    const asked = tenantry('user create typed@example.org --name Typed', serverEnv)
    await asked.until(/New password for typed@example\.org: $/)
    asked.type(`${secret}x\u007f${enter}`)
    await asked.until(/The same again: $/)
    asked.type(`${secret}${enter}`)
    expect([await asked.ended, isRestored(asked.screen())]).toEqual([0, true])
    expect(asked.screen()).not.toContain('winter')
    const login = { email: 'typed@example.org', password: secret }
    expect((await new HttpClient(server.url, server.url).post('/api/auth/login', login)).status).toBe(200)
  })

  it('is not taken where it is not the same twice', async () => {
    const asked = tenantry(`user reset-password ${email}`, serverEnv)
    await asked.until(/New password for .*: $/)
    asked.type(`winter turnips sing loudly${enter}`)
    await asked.until(/The same again: $/)
    asked.type(`winter turnips sing loud${enter}`)
    expect([await asked.ended, isRestored(asked.screen())]).toEqual([2, true])
    expect(asked.screen()).toContain('That was not the same twice. (cli.usage)')
    expect((await operator.get('/api/auth/session')).status).toBe(200)
  })

  it.each([
    ['Ctrl-C', ctrlC, 130, 'Interrupted. (cli.interrupted)'],
    ['Ctrl-D', '\u0004', 1, 'Nothing was typed. (cli.stopped)'],
    ['nothing', enter, 2, 'An empty secret is none. (cli.usage)'],
  ])('ends by %s with its code, and leaves the terminal as it was', async (_, keys, code, words) => {
    const asked = tenantry(`user reset-password ${email}`, serverEnv)
    await asked.until(/New password for .*: $/)
    asked.type(keys)
    expect(await asked.ended).toBe(code)
    expect(asked.screen()).toContain(words)
    expect(isRestored(asked.screen())).toBe(true)
    expect((await operator.get('/api/auth/session')).status).toBe(200)
  })
})

describe('waiting to be accepted', () => {
  it('is interrupted by Ctrl-C, and goes on with the same key', async () => {
    home = newFolder()
    const init = `identity init --server ${server.url} --handle interrupted`
    const first = tenantry(init)
    await first.until(claimUrl)
    await first.until(/goes on/)
    first.type(ctrlC)
    expect([await first.ended, isRestored(first.screen())]).toEqual([130, true])
    const kept = readFileSync(join(home, 'tenantry/default.json'), 'utf8')

    const again = tenantry(init)
    expect((await accept(await again.until(claimUrl))).status).toBe(200)
    expect(await again.ended).toBe(0)
    expect(again.screen()).toContain('machine  interrupted')
    expect(readFileSync(join(home, 'tenantry/default.json'), 'utf8')).toBe(kept)
  })

  /** A machine with an opener that writes down what it is to open. */
  function desktop() {
    const folder = newFolder()
    const bin = join(folder, 'bin')
    const opened = join(folder, 'opened')
    mkdirSync(bin)
    writeFileSync(opened, '')
    writeFileSync(join(bin, 'xdg-open'), `#!/bin/sh\necho "$@" >> ${quoted(opened)}\n`)
    chmodSync(join(bin, 'xdg-open'), 0o755)
    return {
      env: { XDG_CONFIG_HOME: folder, PATH: `${bin}:${process.env.PATH}` },
      opened: () => readFileSync(opened, 'utf8'),
    }
  }

  it('opens the address in a browser where there is a desktop, and nowhere else', async () => {
    const begin = (handle: string, place: ReturnType<typeof desktop>, env: object, more = '') =>
      tenantry(`identity init --server ${server.url} --handle ${handle} ${more}`, { ...place.env, ...env })
    const display = { DISPLAY: ':7' }

    const seen = desktop()
    const init = begin('seen', seen, display)
    const url = await init.until(claimUrl)
    await expect.poll(seen.opened).toBe(`${url}\n`)
    await accept(url)
    expect(await init.ended).toBe(0)

    const unseen = [
      ['no-display', {}, ''],
      ['by-ssh', { ...display, SSH_CONNECTION: '192.0.2.1 50000 192.0.2.2 22' }, ''],
      ['not-wanted', display, '--no-open'],
      ['not-looked-at', display, '2>&1 | cat'],
    ] as const
    for (const [handle, env, more] of unseen) {
      const place = desktop()
      const waiting = begin(handle, place, env, more)
      expect((await accept(await waiting.until(claimUrl))).status).toBe(200)
      // Whatever it would have opened, it would have by now: it asks two seconds later for the first time.
      expect([handle, await waiting.ended, place.opened()]).toEqual([handle, 0, ''])
    }
  })
})

describe('how far long work has come', () => {
  const grace = '--grace 0'

  it('is one line on a terminal, which is gone in the end', async () => {
    const rotated = tenantry(`vault rotate ${grace}`, serverEnv)
    expect(await rotated.ended).toBe(0)
    const lines = rotated.screen().split(rewritten)
    expect(lines.slice(1, -1)).toContainEqual(expect.stringMatching(/^\d+ of \d+ keys …$/))
    expect(lines.at(-1)).toMatch(/^The master key is another one\./)
  })

  it('is not in the result, with --json and without', async () => {
    for (const json of ['', '--json']) {
      const out = join(newFolder(), 'out')
      const rotated = tenantry(`vault rotate ${grace} ${json} > ${quoted(out)}`, serverEnv)
      expect(await rotated.ended).toBe(0)
      expect(rotated.screen()).toMatch(/\d+ of \d+ keys …/)
      const result = readFileSync(out, 'utf8')
      expect(result).not.toContain('…')
      if (json) expect(JSON.parse(result)).toMatchObject({ rewrapped: expect.any(Number) })
    }
  })

  it('is nowhere where nobody looks on', async () => {
    const log = join(newFolder(), 'log')
    const rotated = tenantry(`vault rotate ${grace} 2> ${quoted(log)}`, serverEnv)
    expect(await rotated.ended).toBe(0)
    expect(readFileSync(log, 'utf8')).toBe('')
    expect(rotated.screen()).not.toContain(rewritten)
  })
})
