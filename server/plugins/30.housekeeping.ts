import { defineNitroPlugin } from 'nitropack/runtime'
import { removeExpiredClaims } from '#server/domain/domains/domains'
import { removeExpiredInvitations } from '#server/domain/invitations/invitations'
import { removeExpiredResets } from '#server/auth/passwords/password-reset'
import { endExpiredSessions } from '#server/auth/sessions/sessions'
import { removeOldLeases } from '#server/domain/vaults/vaults'
import { removeUnclaimedMachines } from '#server/identities/machines'

const everySeconds = 600

/** Removes what has expired, now and then. Every replica may do it: what is gone already is simply not there. */
export default defineNitroPlugin((nitroApp) => {
  void nitroApp.container.then(({ cache, scopes, sessionLimits, drain, log }) => {
    const clean = async () => {
      try {
        const entries = await cache.sweep()
        const scope = scopes.platform('housekeeping')
        const sessions = await endExpiredSessions(scope, sessionLimits)
        const invitations = await removeExpiredInvitations(scope)
        const claims = await removeExpiredClaims(scope)
        const resets = await removeExpiredResets(scope)
        const machines = await removeUnclaimedMachines(scope)
        const leases = await removeOldLeases(scope)
        const counts = { entries, sessions, invitations, claims, resets, machines, leases }
        log.debug(counts, 'removed what had expired')
      } catch (error) {
        log.warn({ err: error }, 'what has expired could not be removed')
      }
    }
    const timer = setInterval(() => void clean(), everySeconds * 1000).unref()
    drain.signal.addEventListener('abort', () => clearInterval(timer))
  })
})
