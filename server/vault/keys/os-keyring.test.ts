import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { KeyringError, openOsKeyring } from './os-keyring'

describe.runIf(process.platform === 'linux')('a keyring of Linux', () => {
  let folder: string
  let socket: string
  let server: Server
  const callers = new Set<Socket>()
  let hear: (caller: Socket) => void
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tenantry-bus-'))
    socket = join(folder, 'bus')
    hear = () => undefined
    server = createServer((caller) => {
      callers.add(caller)
      caller.on('error', () => undefined).on('close', () => callers.delete(caller))
      hear(caller)
    }).listen(socket)
    await once(server, 'listening')
  })
  afterEach(() => {
    for (const caller of callers) caller.destroy()
    server.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const open = (seconds?: number) =>
    openOsKeyring({ entry: '/srv/data', sessionBus: `unix:path=${socket}` }, seconds)

  it('is none where there is no session bus, and nothing is started to find that out', async () => {
    const keyring = openOsKeyring({ entry: '/srv/data', sessionBus: undefined })
    expect(await keyring.read()).toEqual({ state: 'no keyring' })
    expect(await keyring.remove()).toBe(false)
    await expect(keyring.write('x')).rejects.toBeInstanceOf(KeyringError)
  })

  it('is one that fails where the bus does not talk to us, and not none', async () => {
    hear = (caller) => caller.end()
    await expect(open().read()).rejects.toThrow(/^The keyring of the operating system, which .*\/srv\/data/)
    await expect(open().remove()).rejects.toBeInstanceOf(KeyringError)
  })

  it('is waited for no longer than was said, and nothing is left that waits', async () => {
    const left = new Promise<void>((resolve) => {
      hear = (caller) => caller.once('close', () => resolve()).resume()
    })
    await expect(open(1).read()).rejects.toThrow('did not answer within 1 seconds')
    await left
  })

  it('tells no secret in its errors', async () => {
    hear = (caller) => caller.end()
    const error: unknown = await open()
      .write('hunter2-of-the-tests')
      .catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(KeyringError)
    expect(String(error)).not.toContain('hunter2')
  })
})
