import createClient, { type Client, type Middleware } from 'openapi-fetch'
import type { paths } from './generated/api'
import type { MachineKey } from './machine-key'
import { signRequest } from './proof'

export type { paths } from './generated/api'
export {
  createMachineKey,
  fingerprintOfDid,
  readMachineKey,
  writeMachineKey,
  type MachineKey,
} from './machine-key'
export { signRequest, type RequestToSign, type Signer } from './proof'

/** By what a client calls: a machine's key, an API token, or nothing, for what anyone may call. */
export type Credential = { handle: string; key: MachineKey } | { token: string }

export interface TenantryOptions {
  /** Where the portal answers, such as `https://portal.example.org`. */
  server: string
  credential?: Credential
  /** The portal's PUBLIC_URL, where it is reached by another address; default: the origin of `server`. */
  audience?: string
  /** Default: the global one. */
  fetch?: (request: Request) => Promise<Response>
}

/** The API, by its addresses: `client.GET('/api/me')`. Types are those of the OpenAPI document. */
export type Tenantry = Client<paths>

/**
 * A client of one portal. With a machine's key each request is signed by itself as it is sent.
 *
 * Answers are `{ data, error, response }`; `error` is RFC 9457's problem where the portal refused. It throws where the
 * portal could not be reached.
 */
export function createTenantry({ server, credential, audience, fetch }: TenantryOptions): Tenantry {
  const { origin } = new URL(server)
  const client = createClient<paths>({
    baseUrl: origin,
    // Whoever is sent elsewhere would be sent there with a credential.
    redirect: 'error',
    ...(fetch && { fetch }),
  })
  if (credential) client.use(authorized(credential, audience ?? origin))
  return client
}

function authorized(credential: Credential, audience: string): Middleware {
  return {
    async onRequest({ request }) {
      request.headers.set('authorization', await authorizationOf(credential, audience, request))
      return request
    },
  }
}

async function authorizationOf(credential: Credential, audience: string, request: Request) {
  if ('token' in credential) return `Bearer ${credential.token}`
  const { pathname, search } = new URL(request.url)
  const body = new Uint8Array(await request.clone().arrayBuffer())
  const signed = { method: request.method, target: pathname + search, body }
  return `PoP ${await signRequest({ ...credential, audience }, signed)}`
}
