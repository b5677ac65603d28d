import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { exitCodes } from './exit-codes'
import { Failure, misuse } from './failure'
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
}

/**
 * A secret: from the file, else from stdin where that is no terminal, else from a person, who does not see what they type.
 *
 * @returns every character as it came
 * @throws Failure where it is not UTF-8, or empty
 */
export async function readSecret(
  world: World,
  { file, trim = false, prompt }: SecretSource,
): Promise<string> {
  const fromFile = file !== undefined && file !== '-'
  if (!fromFile && world.stdin.isTTY) return filled(await ask(world, prompt))
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

/** Asks a person; what they type is shown nowhere. */
async function ask({ stdin, stderr }: World, prompt: string): Promise<string> {
  const unseen = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: stdin, output: unseen, terminal: true })
  stderr.write(prompt)
  try {
    const aborted = new Promise<never>((_, reject) => {
      lines.once('SIGINT', () =>
        reject(new Failure(exitCodes.interrupted, 'cli.interrupted', 'Interrupted.')),
      )
      lines.once('close', () => reject(new Failure(exitCodes.failed, 'cli.stopped', 'Nothing was typed.')))
    })
    return await Promise.race([lines.question(''), aborted])
  } finally {
    lines.close()
    stderr.write('\n')
  }
}
