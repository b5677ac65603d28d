import type { Readable, Writable } from 'node:stream'

/** What a command has around it; a test gives its own. */
export interface World {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stdin: Readable & { isTTY?: boolean }
  readonly stdout: Writable & { isTTY?: boolean }
  readonly stderr: Writable & { isTTY?: boolean }
  /** Default: the global one. */
  readonly fetch?: (request: Request) => Promise<Response>
  wait(milliseconds: number): Promise<void>
  /** Shows an address in a browser, where there is one. */
  browse(address: string): void
}

/** Lines for people, such as what is being waited for: never part of the result. */
export function tell(world: World, line: string): void {
  world.stderr.write(`${line}\n`)
}

/** How far long work has come: one line that is written over, and nothing where nobody looks on. */
export function progress(world: World): { show(text: string): void; end(): void } {
  let shown = false
  const rewrite = (text: string) => {
    if (world.stderr.isTTY) world.stderr.write(`\r\u001B[K${text}`)
  }
  return {
    show(text) {
      shown = true
      rewrite(text)
    },
    end() {
      if (shown) rewrite('')
    },
  }
}
