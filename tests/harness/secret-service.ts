import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { vi } from 'vitest'
import { openOsKeyring, type OsKeyring } from '#server/vault/keys/os-keyring'

/** A session bus of our own, and GNOME Keyring on it as Secret Service. */
export interface SecretService {
  /** What a process finds it by. */
  readonly env: { readonly DBUS_SESSION_BUS_ADDRESS: string }
  /** An entry, as Tenantry has it. */
  entry(name: string): OsKeyring
  /** Starts the keyring as a login does, with its password; the first time that makes it. */
  unlock(): Promise<void>
  /** Starts it without, and nobody is there to be asked for one. */
  lock(): Promise<void>
  /** Ends all of it, and removes what it kept. */
  stop(): Promise<void>
}

/** Starts nothing by itself: whoever asks for a service that is not there is told so. */
const busOf = (
  socket: string,
) => `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
  "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=${socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
`

/** Starts the bus alone; there is no keyring yet. It ends with this process, however that ends. */
export async function startSecretService(): Promise<SecretService> {
  const folder = mkdtempSync(join(tmpdir(), 'tenantry-keyring-'))
  const config = join(folder, 'bus.conf')
  const socket = join(folder, 'bus')
  writeFileSync(config, busOf(socket))
  // The shell ends the bus, by its pid, when its own standard input ends, as it does with this process; the keyring ends
  // with the bus.
  const script = 'dbus-daemon "$@" & bus=$!; cat; kill "$bus"; wait "$bus"'
  const options = [`--config-file=${config}`, '--nofork', '--print-address']
  const shell = spawn('/bin/sh', ['-c', script, 'sh', ...options], { stdio: ['pipe', 'pipe', 'ignore'] })
  await once(shell.stdout, 'data')
  const env = { DBUS_SESSION_BUS_ADDRESS: `unix:path=${socket}` }
  const entry = (name: string) => openOsKeyring({ entry: name, sessionBus: env.DBUS_SESSION_BUS_ADDRESS })
  let daemon: ChildProcess | undefined

  async function start(how: string[], password: string): Promise<void> {
    await end()
    const own = { HOME: folder, XDG_DATA_HOME: folder, XDG_RUNTIME_DIR: folder, PATH: process.env.PATH }
    daemon = spawn('gnome-keyring-daemon', ['--foreground', '--components=secrets', ...how], {
      env: { ...own, ...env },
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    daemon.stdin?.end(password)
    await vi.waitFor(
      async () => {
        if ((await entry('nothing').read()).state === 'no keyring') throw new Error('It is not there yet.')
      },
      { timeout: 30_000, interval: 50 },
    )
  }

  async function end(): Promise<void> {
    if (!daemon || daemon.exitCode !== null) return
    const ended = once(daemon, 'exit')
    daemon.kill()
    await ended
  }

  return {
    env,
    entry,
    unlock: () => start(['--unlock'], 'a password of a login'),
    lock: () => start([], ''),
    async stop() {
      await end()
      const ended = once(shell, 'exit')
      shell.stdin.end()
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
