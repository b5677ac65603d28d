import type { MailSender } from '#server/domain/mail/mail'
import { getPortalName } from '#server/domain/settings/settings'
import type { Container } from '#server/container'

/** In whose name the portal's mail goes out. */
export async function mailSenderOf(
  { scopes, config }: Pick<Container, 'scopes' | 'config'>,
  requestId: string,
): Promise<MailSender> {
  const portalName = await getPortalName(scopes.platform(requestId), config.authMode)
  return { portalName, origin: config.publicUrl }
}
