import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { createLog } from './log'

function linesOf(write: (log: ReturnType<typeof createLog>) => void): Record<string, unknown>[] {
  const lines: string[] = []
  write(createLog('info', { write: (line: string) => lines.push(line) }))
  return lines.map((line) => JSON.parse(line))
}

describe('createLog', () => {
  it('writes one JSON line for each call from its level on', () => {
    const lines = linesOf((log) => {
      log.debug({ unseen: true }, 'too fine')
      log.info({ tenantId: 'x' }, 'seen')
    })
    expect(lines).toMatchObject([{ level: 30, tenantId: 'x', msg: 'seen' }])
    expect(new Date(String(lines[0]?.time)).getTime()).not.toBeNaN()
  })

  it('begins no line of somebody else’s making, and moves no cursor', () => {
    const lines: string[] = []
    const log = createLog('info', { write: (line) => void lines.push(line) })
    const hostile = 'x\n{"level":30,"msg":"user.signed_in"}\r\u001b[2Jgone\u2028\u0000'
    log.info({ path: hostile, code: hostile, err: new Error(hostile) }, hostile)
    expect(lines).toHaveLength(1)
    expect(lines[0]?.trimEnd()).not.toMatch(/[\p{Cc}]/u)
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ msg: hostile, path: hostile })
  })

  it('hides fields that are named as secrets', () => {
    const text = JSON.stringify(
      linesOf((log) =>
        log.info({ password: 'hunter2', user: { token: 'hunter2', name: 'Ann' } }, 'signed in'),
      ),
    )
    expect(text).not.toContain('hunter2')
    expect(text).toContain('Ann')
  })

  it('lets the process end where nobody reads its stdout any more', async () => {
    const script = `
      import { createLog } from '${new URL('log.ts', import.meta.url).href}'
      const log = createLog('info')
      process.on('uncaughtException', () => process.exit(0))
      process.stdin.on('end', () => { log.info('to nobody'); process.exit(0) }).resume()
      log.info('ready')`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    await once(child.stdout, 'data')
    child.stdout.destroy()
    child.stdin.end()
    const [code] = await once(child, 'exit')
    expect(code).toBe(0)
  })
})
