// @ts-check

/**
 * What Node is told when it runs the server. docs/performance.md has the figures behind it.
 *
 * @type {readonly string[]}
 */
export const serverFlags = ['--max-semi-space-size=4']
