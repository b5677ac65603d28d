/**
 * Vitest's set-up of each file: a query that a transaction sends while another of it is under way fails the run, since
 * the driver's next major version refuses it. The driver warns once in a process.
 */
process.on('warning', (warning) => {
  if (warning.message.includes('already executing a query')) throw warning
})
