import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { SecretUnreadable } from './vault.errors'

/** Of this form, of this algorithm. Another algorithm is another head, and nothing falls back to it. */
const head = 'tv1.a256gcm'
const form = /^tv1\.a256gcm\.([\w-]{16})\.([\w-]{22,})$/
const nonceBytes = 12
const tagBytes = 16

/**
 * Seals text by AES-256-GCM (NIST SP 800-38D) with a fresh random nonce.
 *
 * @param key 32 bytes
 * @param context what the text belongs to, in order: it opens for exactly the same alone
 * @returns `tv1.a256gcm.<nonce>.<ciphertext and tag>`, both in base64url
 */
export function sealText(key: Buffer, text: string, context: readonly string[]): string {
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes })
  cipher.setAAD(additionalData(context))
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
  return `${head}.${nonce.toString('base64url')}.${sealed.toString('base64url')}`
}

/**
 * Opens what `sealText` sealed with the same key for the same context.
 *
 * @throws SecretUnreadable for everything else
 */
export function openText(key: Buffer, envelope: string, context: readonly string[]): string {
  const [, noncePart, sealedPart] = form.exec(envelope) ?? []
  if (noncePart === undefined || sealedPart === undefined) throw new SecretUnreadable('It is no envelope.')
  const nonce = Buffer.from(noncePart, 'base64url')
  const sealed = Buffer.from(sealedPart, 'base64url')
  // One spelling for each envelope: base64 has spare bits at its end.
  if (sealed.toString('base64url') !== sealedPart) throw new SecretUnreadable('It is no envelope.')
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes })
  decipher.setAAD(additionalData(context))
  decipher.setAuthTag(sealed.subarray(-tagBytes))
  try {
    const text = Buffer.concat([decipher.update(sealed.subarray(0, -tagBytes)), decipher.final()])
    return text.toString('utf8')
  } catch {
    throw new SecretUnreadable('It was altered or moved, or is sealed with another key.')
  }
}

/** Every part with its length before it, so that no two contexts are the same bytes. */
function additionalData(context: readonly string[]): Buffer {
  return Buffer.concat(
    [head, ...context].flatMap((part) => {
      const bytes = Buffer.from(part)
      const length = Buffer.alloc(4)
      length.writeUInt32BE(bytes.length)
      return [length, bytes]
    }),
  )
}
