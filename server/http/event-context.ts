import type { Container } from '#server/container'
import type { VerifiedToken } from '#server/auth/bearer/bearer'
import type { SessionAbsence } from '#server/auth/sessions/find-session'
import type { ProvenKey } from '#server/identities/machine-callers'
import type { Caller, Machine } from '#server/scope'

declare module 'h3' {
  interface H3EventContext {
    /** Set by plugins/10.container before anything else sees the request. */
    container: Container
    /** Set by middleware/00.request-id. */
    requestId: string
    /** Set by middleware/20.caller: who has proved who they are; null for nobody. */
    caller: Caller | null
    /** Set by the same: the machine or script that has proved itself; never beside a caller. */
    machine?: Machine | undefined
    /** The key that the request is signed with; also that of an identity that may do nothing yet. */
    proven?: ProvenKey | undefined
    /** The method as it was sent, where it was HEAD. */
    sentMethod?: 'HEAD' | undefined
    /** The body's raw bytes, where somebody has asked for them. */
    body?: Promise<Uint8Array> | undefined
    /** The access token that the request came with, where it holds; also that of somebody whom nobody here knows. */
    bearer?: { token: string; verified: VerifiedToken; boundTo?: string } | undefined
    /** Why there is no session, where the browser sent a token of one. */
    sessionAbsence?: SessionAbsence | undefined
  }
}
