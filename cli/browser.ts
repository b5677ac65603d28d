import { spawn } from 'node:child_process'

/** What says whether somebody sits before this machine, and with what. */
export interface Desktop {
  platform: NodeJS.Platform
  env: Readonly<Record<string, string | undefined>>
  /** Whether a person reads what the command says. */
  isTerminal: boolean
}

/** The program that shows an address in a browser, by platform. */
const openers: Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>> = {
  darwin: ['open'],
  linux: ['xdg-open'],
  // `start` of cmd.exe would take an & in the address for the end of the command.
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
}

/** Whether a browser would be seen: not over ssh, and on Linux not without a display. */
export function hasDesktop({ platform, env, isTerminal }: Desktop): boolean {
  if (!isTerminal || env.SSH_CONNECTION || env.SSH_TTY) return false
  return platform !== 'linux' || Boolean(env.DISPLAY || env.WAYLAND_DISPLAY)
}

/** Shows an address in the browser of the desktop; does nothing where there is none. It is not waited for. */
export function browse(address: string, desktop: Desktop): void {
  const [program, ...args] = openers[desktop.platform] ?? []
  // Openers open files and start programs too: it came from a server.
  if (!program || !hasDesktop(desktop) || !/^https?:\/\//.test(address)) return
  const child = spawn(program, [...args, address], { stdio: 'ignore', detached: true })
  // The address is on stderr as well.
  child.on('error', () => undefined)
  child.unref()
}
