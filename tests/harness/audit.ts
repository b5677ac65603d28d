/** Of suites that make no container: the key of the audit's chains. */
export const auditKey = Buffer.alloc(32, 5)
