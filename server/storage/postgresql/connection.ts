/** What every connection to PostgreSQL has in common. */
export function connectionOptions(url: string) {
  return {
    connectionString: url,
    application_name: 'tenantry',
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  }
}
