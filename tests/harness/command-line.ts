import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import type { OpenKeyring } from '#server/container/master-secret'
import { commands } from '../../cli/commands'
import { run } from '../../cli/run'
import type { World } from '../../cli/world'
import { createMemoryKeyring } from './keyring'

/** A machine with a command line, and a configuration folder of its own. */
export class CommandLine {
  readonly folder = mkdtempSync(join(tmpdir(), 'tenantry-cli-'))
  /** Addresses that a browser was to show. */
  readonly shown: string[] = []
  /** Called in place of waiting. */
  onWait: () => void | Promise<void> = () => undefined
  /** Default: none is there. */
  openKeyring: OpenKeyring = createMemoryKeyring({}, 'absent').open

  /** Called in place of the global one. */
  fetch: World['fetch'] = undefined

  readonly env: Record<string, string>

  constructor(env: Record<string, string> = {}) {
    this.env = env
  }

  /** Runs a command line; `input` is what it reads, and there is no terminal. */
  async run(argv: string[], { input = '' }: { input?: string | Buffer } = {}) {
    const out: Buffer[] = []
    const errors: Buffer[] = []
    const into = (chunks: Buffer[]) =>
      new Writable({ write: (chunk: Buffer, _, done) => (chunks.push(Buffer.from(chunk)), done()) })
    const world: World = {
      env: { HOME: this.folder, XDG_CONFIG_HOME: this.folder, ...this.env },
      stdin: Readable.from([Buffer.from(input)]),
      stdout: into(out),
      stderr: into(errors),
      ...(this.fetch && { fetch: this.fetch }),
      openKeyring: this.openKeyring,
      wait: async () => this.onWait(),
      browse: (address) => void this.shown.push(address),
    }
    const code = await run(argv, world, commands)
    const stdout = Buffer.concat(out)
    return {
      code,
      stdout,
      text: stdout.toString(),
      errors: Buffer.concat(errors).toString(),
      /** What `--json` printed. */
      get json() {
        return JSON.parse(stdout.toString())
      },
    }
  }

  remove() {
    rmSync(this.folder, { recursive: true, force: true })
  }
}
