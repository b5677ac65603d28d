import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { exitCodes } from './exit-codes'
import { Failure, misuse } from './failure'
import { printableLine } from './printable'
import type { World } from './world'

/** Arguments of every command that takes a secret. */
export const secretArgs = {
  file: { type: 'string', description: 'Read it from a file; - is stdin.', valueHint: 'FILE' },
  trim: { type: 'boolean', description: 'Without the newline at its end.' },
} as const

interface SecretSource {
  file?: string | undefined
  trim?: boolean | undefined
  /** What a person is asked. */
  prompt: string
  /** What they are asked then, to type it again; default: once is enough. */
  promptAgain?: string | undefined
}

/**
 * A secret: from the file, else from stdin where that is no terminal, else from a person, who does not see what they type.
 *
 * @returns every character as it came
 * @throws Failure where it is not UTF-8, or empty, or not the same again
 */
export async function readSecret(
  world: World,
  { file, trim = false, prompt, promptAgain }: SecretSource,
): Promise<string> {
  const fromFile = file !== undefined && file !== '-'
  if (!fromFile && world.stdin.isTTY) return await ask(world, prompt, promptAgain)
  const bytes = fromFile ? await readFile(file).catch(unreadable(file)) : await readAll(world)
  return filled(trim ? textOf(bytes).replace(/\r?\n$/, '') : textOf(bytes))
}

const unreadable = (file: string) => (cause: unknown) => {
  throw new Failure(
    exitCodes.failed,
    'cli.unreadable',
    `${file} can't be read: ${(cause as NodeJS.ErrnoException).code}.`,
  )
}

function filled(text: string): string {
  if (text === '') throw misuse('An empty secret is none.')
  return text
}

/** @throws Failure where it is none: what can't be given back as it came is not taken */
function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw misuse('A secret is text in UTF-8. Encode other bytes first, such as by base64.')
  }
}

async function readAll({ stdin }: World): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stdin) chunks.push(Buffer.from(chunk as Uint8Array | string))
  return Buffer.concat(chunks)
}

/** Asks a person; what they type is shown nowhere. @throws Failure where they type something else the second time */
async function ask({ stdin, stderr }: World, prompt: string, promptAgain?: string): Promise<string> {
  const unseen = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: stdin, output: unseen, terminal: true })
  const aborted = new Promise<never>((_, reject) => {
    lines.once('SIGINT', () => reject(new Failure(exitCodes.interrupted, 'cli.interrupted', 'Interrupted.')))
    lines.once('close', () => reject(new Failure(exitCodes.failed, 'cli.stopped', 'Nothing was typed.')))
  })
  const typed = async (question: string) => {
    stderr.write(printableLine(question))
    try {
      return await Promise.race([lines.question(''), aborted])
    } finally {
      stderr.write('\n')
    }
  }
  try {
    const text = filled(await typed(prompt))
    if (promptAgain !== undefined && (await typed(promptAgain)) !== text)
      throw misuse('That was not the same twice.')
    return text
  } finally {
    lines.close()
  }
}
