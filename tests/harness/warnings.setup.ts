/**
 * Vitest's set-up of each file: a query that a transaction sends while another of it is under way fails the run, since
 * the driver's next major version refuses it. The driver warns once in a process.
 */
function refuseQueriesAtOnce(warning: Error) {
  if (warning.message.includes('already executing a query')) throw warning
}

// Files share a process.
const isThere = process.listeners('warning').some(({ name }) => name === refuseQueriesAtOnce.name)
if (!isThere) process.on('warning', refuseQueriesAtOnce)
