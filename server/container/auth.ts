import { createBearer, type Bearer } from '#server/auth/bearer/bearer'
import { createLoginFlows, type LoginFlows } from '#server/auth/oidc/login-flows'
import type { Passwords } from '#server/auth/passwords/passwords'
import { createProvider, type Provider } from '#server/auth/provider/provider'
import { createRefusals, type Refusals } from '#server/auth/refusals/refusals'
import {
  createPasskeyCeremonies,
  type PasskeyCeremonies,
} from '#server/auth/second-factor/passkey-ceremonies'
import { createPasskeyChallenges } from '#server/auth/second-factor/passkey-challenges'
import { createRecoveryCodes, type RecoveryCodes } from '#server/auth/second-factor/recovery-codes'
import { createTotp, type Totp } from '#server/auth/second-factor/totp'
import type { SessionLimits } from '#server/auth/sessions/sessions'
import { createAttempts, type Attempts } from '#server/auth/sign-in/attempts'
import { createPendingSignIns, type PendingSignIns } from '#server/auth/sign-in/pending-sign-ins'
import type { Config } from '#server/config/config'
import type { ModuleSecrets } from '#server/config/environment'
import { settingsStore } from '#server/domain/settings/settings.store'
import { createClaimTokens, type ClaimTokens } from '#server/identities/claim-tokens'
import { createMachineCallers, type MachineCallers } from '#server/identities/machine-callers'
import { findActing, machinesStore } from '#server/identities/machines.store'
import { createProofs, type Proofs } from '#server/identities/proof'
import { createReplay, type Replay } from '#server/identities/replay'
import type { Clock } from '#server/lib/clock'
import type { Errands } from '#server/lib/errands'
import type { Log } from '#server/lib/log'
import { cacheDriver } from '#server/storage/cache-driver'
import { createSealer, type Sealer } from '#server/vault/seal'
import type { Storage } from './storage'

/** Who calls, and how people and machines sign in. */
export interface Auth {
  readonly passwords: Passwords
  /** For users who are made with one; undefined where there are no local passwords. */
  readonly localPasswords: Passwords | undefined
  readonly attempts: Attempts
  readonly sessionLimits: SessionLimits
  readonly provider: Provider
  readonly bearer: Bearer
  readonly refusals: Refusals
  readonly proofs: Proofs
  readonly machineCallers: MachineCallers
  readonly replay: Replay
  readonly claimTokens: ClaimTokens
  readonly loginFlows: LoginFlows
  readonly idTokenSealer: Sealer
  /** What nuxt-oidc-auth works with; its storage is the shared cache. */
  readonly moduleSecrets: ModuleSecrets
  readonly moduleStorage: ReturnType<typeof cacheDriver>
  /** For secrets among the settings. */
  readonly settingsSealer: Sealer
  readonly pendingSignIns: PendingSignIns
  readonly totp: Totp
  readonly recoveryCodes: RecoveryCodes
  readonly passkeyCeremonies: PasskeyCeremonies
}

export function createAuth(
  config: Config,
  {
    storage: { database, cache, keyring },
    ...means
  }: { storage: Storage; passwords: Passwords; errands: Errands; clock: Clock; log: Log },
): Auth {
  const { passwords, errands, clock, log } = means
  const standalone = config.authMode === 'standalone'
  const { find: findSetting } = settingsStore(database.client, clock)
  const settingsSealer = createSealer(keyring, 'settings')
  const attempts = createAttempts(cache, keyring.derive('attempts'))
  const replay = createReplay(cache, clock)
  const provider = createProvider({
    environment: config.oidc,
    stored: standalone ? () => findSetting('oidc') : undefined,
    sealer: settingsSealer,
    clock,
    log,
  })
  const machines = {
    findActing: (did: string) => findActing(database, did),
    noteUse: machinesStore(database.client, clock).noteUse,
  }
  return {
    passwords,
    localPasswords: standalone ? passwords : undefined,
    attempts,
    sessionLimits: config.session,
    provider,
    bearer: createBearer(provider, clock),
    refusals: createRefusals(attempts, clock),
    proofs: createProofs(config.publicUrl, clock),
    machineCallers: createMachineCallers(machines, { replay, errands, clock }),
    replay,
    claimTokens: createClaimTokens(cache, clock),
    settingsSealer,
    pendingSignIns: createPendingSignIns(cache, keyring.derive('pending-sign-in')),
    totp: createTotp(createSealer(keyring, 'totp')),
    recoveryCodes: createRecoveryCodes(keyring.derive('recovery-codes')),
    passkeyCeremonies: createPasskeyCeremonies(config.publicUrl, createPasskeyChallenges(cache)),
    loginFlows: createLoginFlows(cache, createSealer(keyring, 'oidc/login')),
    idTokenSealer: createSealer(keyring, 'oidc/id-token'),
    moduleSecrets: {
      tokenKey: keyring.derive('oidc/module/token').toString('base64'),
      sessionSecret: keyring.derive('oidc/module/session').toString('base64'),
      authSessionSecret: keyring.derive('oidc/module/login').toString('base64'),
    },
    moduleStorage: cacheDriver({ cache, prefix: 'oidc:module', ttlSeconds: 300 }),
  }
}
