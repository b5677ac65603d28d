import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const bundle = fileURLToPath(new URL('../../.output/server/cli/tenantry.mjs', import.meta.url))

/** What a command has ended with. */
export interface Ended {
  code: number | null
  stdout: string
  stderr: string
}

/** A machine on which the built `tenantry` is run, each command as a process of its own. */
export interface CommandMachine {
  run(args: readonly string[], options?: { input?: string; env?: Record<string, string> }): Promise<Ended>
  /** Begins a command that waits for somebody. `said` resolves with the first match in what it prints. */
  begin(args: readonly string[]): { said(pattern: RegExp): Promise<string>; ended: Promise<Ended> }
  remove(): void
}

export function createCommandMachine(): CommandMachine {
  const home = mkdtempSync(join(tmpdir(), 'tenantry-machine-'))

  function start(args: readonly string[], env: Record<string, string> = {}) {
    const child = spawn(process.execPath, [bundle, ...args], {
      cwd: home,
      env: { PATH: process.env.PATH, HOME: home, XDG_CONFIG_HOME: join(home, 'config'), ...env },
    })
    const said = { stdout: '', stderr: '' }
    const listeners = new Set<() => void>()
    for (const from of ['stdout', 'stderr'] as const)
      child[from].on('data', (part: Buffer) => {
        said[from] += part.toString()
        for (const listener of listeners) listener()
      })
    const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, ...said }))
    return { child, said, listeners, ended }
  }

  return {
    run(args, { input, env } = {}) {
      const { child, ended } = start(args, env)
      child.stdin.end(input)
      return ended
    },
    begin(args) {
      const { child, said, listeners, ended } = start(args)
      child.stdin.end()
      return {
        ended,
        said: (pattern) =>
          new Promise((resolve, reject) => {
            const look = () => {
              const [found] = pattern.exec(said.stdout + said.stderr) ?? []
              if (found !== undefined) resolve(found)
            }
            listeners.add(look)
            look()
            void ended.then(({ code, stdout, stderr }) =>
              reject(new Error(`It ended with ${code} before it said so: ${stdout}${stderr}`)),
            )
          }),
      }
    },
    remove: () => rmSync(home, { recursive: true, force: true }),
  }
}
