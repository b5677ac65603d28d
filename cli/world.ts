import type { Readable, Writable } from 'node:stream'
import type { OpenKeyring } from '#server/container/master-secret'
import { printable, printableLine } from './printable'

/** What a command has around it; a test gives its own. */
export interface World {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stdin: Readable & { isTTY?: boolean }
  readonly stdout: Writable & { isTTY?: boolean }
  readonly stderr: Writable & { isTTY?: boolean }
  /** Default: the global one. */
  readonly fetch?: (request: Request) => Promise<Response>
  /** Default: the operating system's keyring. */
  readonly openKeyring?: OpenKeyring
  wait(milliseconds: number): Promise<void>
  /** Shows an address in a browser, where there is one. */
  browse(address: string): void
}

/** Lines for people, such as what is being waited for: never part of the result. */
export function tell(world: World, line: string): void {
  world.stderr.write(`${printable(line)}\n`)
}

/**
 * Works, and shows how far that has come: one line on a terminal that is written over, and gone when the work is over or
 * has failed; nothing where nobody looks on.
 */
export async function withProgress<Result>(
  { stderr }: Pick<World, 'stderr'>,
  work: (show: (text: string) => void) => Promise<Result>,
): Promise<Result> {
  let isShown = false
  const rewrite = (text: string) => {
    isShown = text !== ''
    stderr.write(`\r\u001B[K${printableLine(text)}`)
  }
  try {
    return await work((text) => {
      if (stderr.isTTY) rewrite(text)
    })
  } finally {
    if (isShown) rewrite('')
  }
}
