/** Tenants that are asked for in one transaction: it takes some milliseconds for each. */
export const mostAskedAtOnce = 250
