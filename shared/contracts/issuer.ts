import { z } from 'zod'

const itself = /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|\[::1\])$/

/** Whether what goes to this address can't be read on its way: https, or a machine that talks to itself. */
export function isConfidential(address: string): boolean {
  if (!URL.canParse(address)) return false
  const { protocol, hostname } = new URL(address)
  return protocol === 'https:' || (protocol === 'http:' && itself.test(hostname))
}

/** What names an OpenID provider (OpenID Connect Discovery 1.0 section 3). Kept as it was written: it is compared as text. */
export const Issuer = z
  .url({ protocol: /^https?$/, error: 'must be an http or https address' })
  .max(500)
  .refine((text) => !new URL(text).username && !new URL(text).password, 'must not hold a user or password')
  .refine((text) => !/[?#]/.test(text), 'must have no query and no fragment')
  .refine(isConfidential, 'must be https, but on localhost')
