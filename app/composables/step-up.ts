import { BaseStepUp } from '#components'
import { CurrentSession } from '#shared/contracts/auth'
import { PasskeyOptions } from '#shared/contracts/passkeys'
import { SecondFactors, type StepUp } from '#shared/contracts/second-factor'

/** How somebody can prove anew who they are. */
export interface ProofWays {
  /** Where they signed in by the identity provider: the address that has them sign in there once more. */
  elsewhere?: string
  email: string
  withPassword: boolean
  factors: SecondFactors | undefined
  prove(proof: StepUp): Promise<void>
  provePasskey(): Promise<void>
}

let asking: Promise<boolean> | undefined

/**
 * Asks the person to prove anew who they are, in a dialog; calls that need it at once share one.
 *
 * @returns whether they did
 */
export function askToStepUp(api: ReturnType<typeof useApi>): Promise<boolean> {
  asking ??= ask(api).finally(() => (asking = undefined))
  return asking
}

async function ask(api: ReturnType<typeof useApi>): Promise<boolean> {
  const { user, method } = await api.request(CurrentSession, '/api/auth/session')
  const path = '/api/auth/step-up'
  const prove = (body: StepUp) => api.command(path, { method: 'POST', body })
  const factors =
    method === 'oidc' ? undefined : await api.request(SecondFactors, '/api/users/me/second-factor')
  const returnTo = location.pathname + location.search
  const ways: ProofWays = {
    ...(method === 'oidc' && {
      elsewhere: `/api/auth/oidc/start?${new URLSearchParams({ returnTo, prompt: 'login' })}`,
    }),
    email: user.email ?? user.name,
    withPassword: factors?.withPassword ?? false,
    factors,
    prove,
    async provePasskey() {
      const question = await api.request(PasskeyOptions, `${path}/passkey-options`, { method: 'POST' })
      await prove({ passkey: await askPasskey(question) })
    },
  }
  const dialog = useOverlay().create(BaseStepUp, { destroyOnClose: true })
  return (await dialog.open({ ways }).result) === true
}
