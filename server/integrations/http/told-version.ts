import { z } from 'zod'
import { IntegrationError } from '#server/lib/errors'

/** Numbers with dots, and what is built of them, such as `7.1.0-rc.2+4f1a`. A service may say anything. */
const Version = z
  .string()
  .max(40)
  .regex(/^\d{1,5}(?:\.\d{1,5}){1,3}(?:[-+][\dA-Za-z]+(?:\.[\dA-Za-z]+)*){0,2}$/)
/** It is no reason to let whoever asks wait. */
const patienceMs = 3_000

/**
 * The version that a service tells of itself. What it keeps to itself, is too slow to tell or tells in another form is
 * none: nothing follows from it.
 *
 * @param ask gives whatever the service says
 * @returns null where there is none
 * @throws the signal's own reason
 */
export async function toldVersion(
  ask: (signal: AbortSignal) => Promise<unknown>,
  signal: AbortSignal,
): Promise<string | null> {
  const patience = AbortSignal.timeout(patienceMs)
  try {
    return Version.safeParse(await ask(AbortSignal.any([signal, patience]))).data ?? null
  } catch (error) {
    signal.throwIfAborted()
    if (patience.aborted || error instanceof IntegrationError) return null
    throw error
  }
}
