import { checkMasterSecret } from './master-secret'
import type { Environment } from './variables'

/** Finds what can not be said of one variable alone. @param faults are added to */
export function crossCheck(values: Environment, faults: string[]): void {
  checkMasterSecret(values, faults)
  if (values.VAULT_BACKEND === 'redis' && !values.REDIS_URL)
    faults.push('VAULT_BACKEND: redis needs REDIS_URL. Set it, or choose disk or database.')
  const oidcNames = ['OIDC_ISSUER', 'OIDC_CLIENT_ID', 'OIDC_CLIENT_SECRET'] as const
  const missing = oidcNames.filter((name) => !values[name])
  if (values.AUTH_MODE === 'oidc-only' && missing.length)
    faults.push(`${missing.join(', ')}: must be set where AUTH_MODE is oidc-only.`)
  if (!values.SMTP_URL !== !values.MAIL_FROM) faults.push('SMTP_URL and MAIL_FROM: set both, or neither.')
  if (!values.STALWART_API_URL !== !values.STALWART_API_TOKEN)
    faults.push('STALWART_API_URL and STALWART_API_TOKEN: set both, or neither.')
  checkOcis(values, faults)
  checkAuditExport(values, faults)
  if (!values.AUTHENTIK_API_URL !== !values.AUTHENTIK_API_TOKEN)
    faults.push('AUTHENTIK_API_URL and AUTHENTIK_API_TOKEN: set both, or neither.')
}

function checkAuditExport(values: Environment, faults: string[]): void {
  if (values.AUDIT_EXPORT_TOKEN && !values.AUDIT_EXPORT?.startsWith('https:'))
    faults.push('AUDIT_EXPORT_TOKEN: wants an https address in AUDIT_EXPORT.')
}

function checkOcis(values: Environment, faults: string[]): void {
  const client = [values.OCIS_CLIENT_ID, values.OCIS_CLIENT_SECRET, values.OCIS_TOKEN_URL]
  const isClientWhole = client.every((value) => value !== undefined)
  if (client.some((value) => value !== undefined) && !isClientWhole)
    faults.push('OCIS_CLIENT_ID, OCIS_CLIENT_SECRET and OCIS_TOKEN_URL: set all of them, or none.')
  if (isClientWhole && values.OCIS_APP_TOKEN)
    faults.push('OCIS_APP_TOKEN and OCIS_CLIENT_ID are both set: remove one of them.')
  if (!values.OCIS_API_URL !== !(isClientWhole || values.OCIS_APP_TOKEN))
    faults.push('OCIS_API_URL: must be set together with OCIS_CLIENT_ID or OCIS_APP_TOKEN.')
}
