import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** A shell's command at a terminal of its own, and a person before it. */
export interface Terminal {
  /** All that the screen was sent so far: what the command says, and what the terminal echoes. */
  screen(): string
  /** Presses keys. */
  type(keys: string): void
  /** Waits until the screen was sent something like it. @throws Error where the command ends before */
  until(pattern: RegExp): Promise<string>
  /** The command's exit code. */
  readonly ended: Promise<number | null>
}

export const ctrlC = '\u0003'
export const enter = '\r'

/** util-linux has it, which no distribution is without. */
const program = 'script'

/**
 * Runs a shell's command at a pseudo-terminal. Ctrl-C ends the command of it that is running, and not the shell.
 *
 * @param env nothing else but PATH reaches it
 */
export function atTerminal(command: string, env: Record<string, string> = {}): Terminal {
  const args = ['--quiet', '--return', '--flush', '--command', `trap : INT; ${command}`, '/dev/null']
  const child = spawn(program, args, {
    env: { PATH: process.env.PATH, SHELL: '/bin/sh', TERM: 'xterm', ...env },
  })
  let seen = ''
  const looks = new Set<() => void>()
  for (const output of [child.stdout, child.stderr])
    output.on('data', (part: Buffer) => {
      seen += part.toString()
      for (const look of looks) look()
    })
  const ended = once(child, 'close').then(([code]) => code as number | null)
  return {
    ended,
    screen: () => seen,
    type: (keys) => void child.stdin.write(keys),
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const [found] = pattern.exec(seen) ?? []
          if (found !== undefined) resolve(found)
        }
        looks.add(look)
        look()
        void ended.then((code) => reject(new Error(`It ended with ${code} before ${pattern}:\n${seen}`)))
      }),
  }
}

/** A word of a shell's command, whatever is in it. */
export const quoted = (word: string) => `'${word.replaceAll("'", `'\\''`)}'`
