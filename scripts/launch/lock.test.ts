import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { holderOf, isAlive, takeLock } from './lock.mjs'

// Processes take their time on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

describe('takeLock', () => {
  let folder: string
  let path: string

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tenantry-lock-'))
    path = join(folder, 'deep', 'launch.lock')
  })

  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  const refuseToWait = (pid: number) => {
    throw new Error(`waits for ${pid}`)
  }

  it('takes a free lock, and leaves nothing behind when it is released', async () => {
    const lock = await takeLock(path, refuseToWait)
    lock.release()
    await takeLock(path, refuseToWait)
  })

  it('passes over a holder that died', async () => {
    const lock = await takeLock(path, refuseToWait)
    lock.release()
    const { pid } = spawnSync(process.execPath, ['--version'])
    writeFileSync(path, JSON.stringify([{ pid, startedAt: '1' }]))
    const next = await takeLock(path, refuseToWait)
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual([holderOf(process.pid)])
    next.release()
  })

  it('passes over a later process with the id of the one that held it', async () => {
    await takeLock(path, refuseToWait)
    writeFileSync(path, JSON.stringify([{ pid: process.pid, startedAt: 'long ago' }]))
    await takeLock(path, refuseToWait)
  })

  it('waits while a child to which it was lent lives, and no longer', async () => {
    const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'], {
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    await once(child, 'spawn')
    const lock = await takeLock(path, refuseToWait)
    lock.lend(child.pid ?? 0)
    const [, lent] = JSON.parse(readFileSync(path, 'utf8'))
    // As though we had been killed: the child alone is left.
    writeFileSync(path, JSON.stringify([lent]))
    const waitedFor: number[] = []
    const next = takeLock(path, (pid) => {
      waitedFor.push(pid)
      child.stdin.end()
    })
    ;(await next).release()
    expect(waitedFor).toEqual([child.pid])
  })

  it('lets one of many in at a time, over a dead holder too', async () => {
    const { pid } = spawnSync(process.execPath, ['--version'])
    const lockModule = new URL('./lock.mjs', import.meta.url).href
    const counter = join(folder, 'counter')
    writeFileSync(counter, '0')
    const first = await takeLock(path, refuseToWait)
    const program = `
      const { readFileSync, writeFileSync } = await import('node:fs')
      const { takeLock } = await import(${JSON.stringify(lockModule)})
      for (let round = 0; round < 5; round++) {
        const lock = await takeLock(${JSON.stringify(path)}, () => {})
        const count = Number(readFileSync(${JSON.stringify(counter)}, 'utf8'))
        await new Promise((resolve) => setImmediate(resolve))
        writeFileSync(${JSON.stringify(counter)}, String(count + 1))
        lock.release()
      }`
    const racers = Array.from({ length: 4 }, () =>
      spawn(process.execPath, ['--input-type=module', '-e', program], {
        stdio: ['ignore', 'ignore', 'inherit'],
      }),
    )
    const ends = racers.map((racer) => once(racer, 'close'))
    first.release()
    writeFileSync(path, JSON.stringify([{ pid, startedAt: '1' }]))
    expect(await Promise.all(ends)).toEqual(racers.map(() => [0, null]))
    expect(readFileSync(counter, 'utf8')).toBe('20')
  })
})

describe('isAlive', () => {
  it('tells a living process from one that ended', () => {
    const { pid } = spawnSync(process.execPath, ['--version'])
    expect(isAlive(holderOf(process.pid))).toBe(true)
    expect(isAlive({ pid, startedAt: '' })).toBe(false)
  })
})
