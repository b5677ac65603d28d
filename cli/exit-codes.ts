/** What the process ends with. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  refused: 3,
  notFound: 4,
  unavailable: 5,
  /** As a shell says of what SIGINT ended. */
  interrupted: 130,
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** In words, for help and documentation. */
export const exitCodesInWords: Readonly<Record<ExitCode, string>> = {
  0: 'It was done.',
  1: 'It failed, or the portal refused what was asked for as it is.',
  2: 'The command line is wrong.',
  3: 'Not signed in, or not allowed.',
  4: 'There is no such thing.',
  5: 'The portal, or what it needs, is out of reach. Trying again may help.',
  130: 'It was interrupted, as by Ctrl-C.',
}
