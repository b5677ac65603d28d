/**
 * Tenants that are asked for in one transaction. Each takes some milliseconds, and twenty times as many on a busy machine:
 * no more than a transaction has time for then.
 */
export const mostAskedAtOnce = 20
