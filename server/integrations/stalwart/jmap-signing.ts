import { generateKeyPair, randomBytes } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Signing } from './directory'
import { failed } from './failure'
import type { Jmap } from './jmap'
import { hasBoth, type KeyType } from './zone'

const firstDelayMs = 100
const longestDelayMs = 2_000

/** How a domain's keys stand. */
interface Standing {
  id: string
  keys: ReadonlySet<KeyType>
  signing: Signing
}

interface SigningMeans {
  jmap: Jmap
  read(name: string, signal: AbortSignal): Promise<Standing | undefined>
  /** How long Stalwart's own making is waited for. */
  waitMs: number
}

/**
 * Makes the function that brings a domain's DKIM keys about. Stalwart makes them itself some time after it made the
 * domain: that is waited for. Where it has not, or is not to, they are made here. Two at once may make two of a kind,
 * each with a selector of its own, which is no harm.
 *
 * It throws IntegrationError `not_yet` where Stalwart takes longer than is waited for.
 */
export function createSigning({ jmap, read, waitMs }: SigningMeans) {
  return async (name: string, signal: AbortSignal): Promise<void> => {
    let standing = await read(name, signal)
    let delayMs = firstDelayMs
    for (let waitedMs = 0; standing?.signing === 'pending' && waitedMs < waitMs;) {
      const pause = Math.min(delayMs, waitMs - waitedMs)
      await pauseFor(pause, signal)
      waitedMs += pause
      delayMs = Math.min(delayMs * 2, longestDelayMs)
      standing = await read(name, signal)
    }
    if (standing?.signing === 'pending')
      throw failed('not_yet', `Stalwart is still making the DKIM keys of ${name}.`)
    if (standing?.signing !== 'missing' || hasBoth(standing.keys)) return
    for (const type of ['ed25519', 'rsa'] as const) {
      if (standing.keys.has(type)) continue
      const create = await newSignature(standing.id, type)
      await jmap.set(`add a DKIM key of ${name}`, 'x:DkimSignature', { create }, signal)
    }
  }
}

async function pauseFor(milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await wait(milliseconds, undefined, { signal })
  } catch (error) {
    signal.throwIfAborted()
    throw error
  }
}

async function newSignature(domainId: string, type: KeyType) {
  return {
    '@type': type === 'rsa' ? 'Dkim1RsaSha256' : 'Dkim1Ed25519Sha256',
    domainId,
    selector: `t-${type}-${randomBytes(4).toString('hex')}`,
    privateKey: { '@type': 'Text', secret: await newPrivateKey(type) },
  }
}

/** PEM: of RSA PKCS #1, of Ed25519 PKCS #8, as Stalwart writes its own. */
async function newPrivateKey(type: KeyType): Promise<string> {
  const generate = promisify(generateKeyPair)
  const { privateKey } =
    type === 'rsa' ? await generate('rsa', { modulusLength: 2048 }) : await generate('ed25519')
  return privateKey.export({ format: 'pem', type: type === 'rsa' ? 'pkcs1' : 'pkcs8' }).toString()
}
