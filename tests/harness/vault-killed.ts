/** What the process that is killed writes, and the test reads. */
export const killedKey = Buffer.alloc(32, 9)
export const killedPlace = { tenantId: 'tenant', vaultId: 'vault', service: 'mail', name: 'password' }
/** 60 kB, so that a write takes its time. */
export const killedValue = (version: number): string => `${version};`.repeat(10_000).slice(0, 60_000)
