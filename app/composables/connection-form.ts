import type { Connection, ConnectedService, PutConnection } from '#shared/contracts/connections'
import { PutConnection as PutSchema } from '#shared/contracts/connections'
import type { Failure } from './failure'
import type { z } from 'zod'

export type ShownConnection = z.output<typeof Connection>
export type CredentialKind = 'token' | 'client'

/** How each service is signed in to, in words. */
export const credentialKinds: Record<
  ConnectedService,
  { value: CredentialKind; label: string; help: string }[]
> = {
  authentik: [{ value: 'token', label: 'API token', help: 'A token of a service account at Authentik.' }],
  stalwart: [{ value: 'token', label: 'API key', help: 'An API key of Stalwart, or user:password.' }],
  ocis: [
    { value: 'client', label: 'OAuth client', help: '' },
    { value: 'token', label: 'App token', help: 'As user:token.' },
  ],
}

/** What an address of each may look like. */
export const addressHelp: Record<ConnectedService, string> = {
  authentik: 'Such as https://auth.example.org.',
  stalwart: 'Such as https://mail.example.org.',
  ocis: 'Such as https://files.example.org.',
}

/** A connection as a form holds it. A credential is written and never read. */
export const newConnectionForm = (service: ConnectedService, own?: ShownConnection) => ({
  apiUrl: own?.apiUrl ?? '',
  kind: own?.credential.kind ?? (credentialKinds[service][0]?.value as CredentialKind),
  token: '',
  clientId: own?.credential.clientId ?? '',
  clientSecret: '',
  tokenUrl: own?.credential.tokenUrl ?? '',
})
export type ConnectionForm = ReturnType<typeof newConnectionForm>

/** What the API is sent; without a secret typed in, the credential that is there stays. */
export function connectionSent({
  apiUrl,
  kind,
  token,
  clientId,
  clientSecret,
  tokenUrl,
}: ConnectionForm): PutConnection {
  if (kind === 'token') return { apiUrl, ...(token && { credential: { kind, token } }) }
  return { apiUrl, ...(clientSecret && { credential: { kind, clientId, clientSecret, tokenUrl } }) }
}

/** Faults at the form's own fields; the secret may stay empty where one is stored for this very address and kind. */
export function connectionFaults(
  form: ConnectionForm,
  own?: ShownConnection,
): { path: string; message: string }[] {
  const secret = secretOf(form)
  const stays = own && own.apiUrl === form.apiUrl && own.credential.kind === form.kind
  if (!form[secret] && !stays) return [{ path: secret, message: own ? neededAnew : 'It is needed.' }]
  const result = PutSchema.safeParse(connectionSent(form))
  if (result.success) return []
  return result.error.issues.map(({ path, message }) => ({ path: String(path.at(-1)), message }))
}

const neededAnew = 'It is needed for another address or way to sign in: the stored one is not sent there.'

const secretOf = ({ kind }: Pick<ConnectionForm, 'kind'>) => (kind === 'token' ? 'token' : 'clientSecret')

/** What the server found, put to the form's own fields. */
export function connectionFailure(failure: Failure, form: Pick<ConnectionForm, 'kind'>): Failure {
  const errors = failure.errors?.map(({ path, message }) => ({
    path: path === 'credential' ? secretOf(form) : (path.split('.').at(-1) ?? path),
    message,
  }))
  return errors ? { ...failure, errors } : failure
}
