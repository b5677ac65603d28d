import { z } from 'zod'
import { Id } from '#shared/contracts/common'
import { ConnectedService } from '#shared/contracts/connections'
import { Handle } from '#shared/contracts/machines'
import { SecretSegment } from '#shared/contracts/vaults'

/** Parameters of paths. A tenant's `:slug` is parsed where the scope is built. */
export const IdPath = z.object({ id: Id })
export const RunPath = z.object({ slug: z.string(), runId: Id })
export const MemberPath = z.object({ slug: z.string(), userId: Id })
/** A token that lets somebody in, as it came: what is none is not found. */
export const TokenPath = z.object({ token: z.string().max(200) })
/** A domain's name as it is stored: another is not found. */
export const DomainPath = z.object({ slug: z.string(), name: z.string().max(253) })
export const InvitationPath = z.object({ slug: z.string(), id: Id })
export const ExportPath = z.object({ slug: z.string(), id: Id })
export const DriftPath = z.object({ slug: z.string(), id: Id })
export const UserSessionPath = z.object({ id: Id, sessionId: Id })
/** A machine's handle: what is none is nobody's. */
export const HandlePath = z.object({ handle: z.string().max(100) })
export const TenantVaultPath = z.object({ slug: z.string(), vaultId: Id })
export const ConnectionPath = z.object({ slug: z.string(), service: ConnectedService })
export const FormerConnectionPath = z.object({ slug: z.string(), id: Id })
export const VaultMemberPath = z.object({ slug: z.string(), vaultId: Id, userId: Id })
/** A vault's `:id` is parsed where the scope is built. */
export const SecretPath = z.object({ id: z.string(), service: SecretSegment, name: SecretSegment })
export const SecretVersionPath = SecretPath.extend({
  version: z
    .string()
    .regex(/^[1-9]\d{0,8}$/, 'This is no version.')
    .transform(Number),
})
/** A slug that somebody is still typing. */
export const FreeTextSlugPath = z.object({ slug: z.string().max(100) })
export const MachinePath = z.object({ slug: z.string(), handle: Handle })
export const ApiTokenPath = z.object({ slug: z.string(), id: Id })
export const ServiceAccountPath = z.object({ slug: z.string(), id: Id })
