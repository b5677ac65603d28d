import type { Container } from '#server/container'
import type { PasswordMail } from '#server/auth/passwords/password-mail'
import { getPortalName } from '#server/domain/settings/settings'

/** What mails about passwords go out with; undefined where there is no mail server. */
export async function passwordMailOf(container: Container): Promise<PasswordMail | undefined> {
  const { mailer, errands, scopes, config } = container
  if (!mailer) return undefined
  const portalName = await getPortalName(scopes.platform('mail'), config.authMode)
  return { mailer, errands, sender: { portalName, origin: config.publicUrl } }
}
