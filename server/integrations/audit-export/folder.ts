import { createReadStream } from 'node:fs'
import { mkdir, open } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { ExportTarget } from '#server/domain/audit/exports/target.port'

/** Within the folder: one statement a line. */
export const exportFile = 'audit-heads.jsonl'

/** Appends to a file of a folder, each line on the disk before it counts as delivered. */
export function createFolderTarget(folder: string): ExportTarget {
  const path = join(folder, exportFile)
  return {
    async deliver(statement) {
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 })
        const file = await open(path, 'a', 0o600)
        try {
          // Behind what a crash may have left of a line.
          const { size } = await file.stat()
          await file.appendFile(
            size > 0 && !(await endsWithNewline(path, size)) ? `\n${statement}\n` : `${statement}\n`,
          )
          await file.sync()
        } finally {
          await file.close()
        }
      } catch (error) {
        const reason = (error as NodeJS.ErrnoException).code ?? 'unknown'
        throw new Error(`${path} can't be written (${reason}).`, { cause: error })
      }
    },

    async *read() {
      const lines = createInterface({
        input: createReadStream(path, 'utf8'),
        crlfDelay: Number.POSITIVE_INFINITY,
      })
      try {
        for await (const line of lines) if (line.trim()) yield line.trim()
      } catch (error) {
        // Not made yet, or removed: the verification knows by what was delivered.
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      }
    },
  }
}

async function endsWithNewline(path: string, size: number): Promise<boolean> {
  const file = await open(path, 'r')
  try {
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1)
    return buffer.toString() === '\n'
  } finally {
    await file.close()
  }
}
