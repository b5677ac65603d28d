import { TOTP } from 'otpauth'
import { renderSVG } from 'uqr'
import type { Sealer } from '#server/vault/seal'

const period = 30
/** Code of the step before and after count too (RFC 6238 section 5.2): clocks differ, and people take their time. */
const window = 1
const shape = { algorithm: 'SHA1', digits: 6, period } as const

/** What an app is set up with, and the same sealed for the database. */
export interface NewTotp {
  secret: string
  uri: string
  qr: string
  sealed: string
}

/** Codes of an app, by time (RFC 6238): what every app can do, SHA-1, six digits, 30 seconds. */
export interface Totp {
  /** @param issuer as the portal calls itself @param account whose it is, as the app shows it */
  create(userId: string, issuer: string, account: string): Promise<NewTotp>
  /** The time step whose code this is, or null where it is none of about now. */
  stepOf(factor: { userId: string; secret: string }, code: string, now: Date): Promise<bigint | null>
}

/** @param sealer for secrets; each is sealed for whose it is, so that none counts for another user */
export function createTotp(sealer: Sealer): Totp {
  return {
    async create(userId, issuer, account) {
      // A colon would part the label (Key URI Format).
      const named = { issuer: issuer.replaceAll(':', ' '), label: account.replaceAll(':', ' ') }
      const totp = new TOTP({ ...shape, ...named })
      const secret = totp.secret.base32
      const uri = totp.toString()
      const svg = renderSVG(uri, { border: 2, ecc: 'M' })
      const qr = `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`
      return { secret, uri, qr, sealed: await sealer.seal(secret, userId) }
    },

    async stepOf({ userId, secret }, code, now) {
      const base32 = await sealer.open(secret, userId)
      const timestamp = now.getTime()
      const delta = new TOTP({ ...shape, secret: base32 }).validate({ token: code, timestamp, window })
      return delta === null ? null : BigInt(Math.floor(timestamp / 1000 / period) + delta)
    },
  }
}
