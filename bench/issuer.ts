import { startForgingProvider } from '../tests/harness/forging-provider.ts'
import type { Server } from './servers.ts'

/** A provider on this machine that signs tokens for anybody. */
export interface Issuer {
  readonly issuer: string
  readonly env: Record<string, string>
  /** An access token of a person, good for an hour. */
  tokenOf(subject: string): Promise<string>
  /** Makes the person's user at Tenantry by the first call; their id. */
  introduce(server: Server, subject: string): Promise<string>
  stop(): Promise<void>
}

export const emailOf = (subject: string) => `${subject}@tokens.example.org`

export async function startIssuer(): Promise<Issuer> {
  const provider = await startForgingProvider()
  const claimsOf = (subject: string) => ({ name: subject, email: emailOf(subject), email_verified: true })
  const tokenOf = (subject: string) => {
    const { nonce: _, ...claims } = provider.claims('')
    const exp = Math.floor(Date.now() / 1000) + 3600
    return provider.sign({ ...claims, ...claimsOf(subject), sub: subject, exp }, { typ: 'at+jwt' })
  }
  return {
    issuer: provider.issuer,
    env: provider.environment,
    tokenOf,
    async introduce(server, subject) {
      provider.forge.userInfo = { sub: subject, ...claimsOf(subject) }
      const { status, text } = await server.get('/api/users/me', {
        authorization: `Bearer ${await tokenOf(subject)}`,
      })
      if (status !== 200) throw new Error(`The first call of ${subject} was answered ${status}: ${text}`)
      return (JSON.parse(text) as { id: string }).id
    },
    stop: () => provider.stop(),
  }
}
