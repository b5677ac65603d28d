import { z } from 'zod'
import { openText, sealText } from '../envelope'
import type { HeldKey } from './wrapping'

const Successor = z.strictObject({ id: z.string(), key: z.string() })

/** The next master key, sealed by the present one, for processes that started with the present one. */
export function sealSuccessor(present: HeldKey, next: HeldKey): string {
  const text = JSON.stringify({ id: next.id, key: next.key.toString('base64') })
  return sealText(present.key, text, ['successor', present.id])
}

/** @throws SecretUnreadable */
export function openSuccessor(key: Buffer, id: string, successor: string): HeldKey {
  const next = Successor.parse(JSON.parse(openText(key, successor, ['successor', id])))
  return { id: next.id, key: Buffer.from(next.key, 'base64') }
}
