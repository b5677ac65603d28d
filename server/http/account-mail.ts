import type { Container } from '#server/container'
import type { AccountMail } from '#server/auth/account-mail/account-mail'
import { getPortalName } from '#server/domain/settings/settings'

/** What mails about accounts go out with; undefined where there is no mail server. */
export async function accountMailOf(container: Container): Promise<AccountMail | undefined> {
  const { mailer, errands, scopes, config } = container
  if (!mailer) return undefined
  const portalName = await getPortalName(scopes.platform('mail'), config.authMode)
  return { mailer, errands, sender: { portalName, origin: config.publicUrl } }
}
