import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** Ways to say that there is none, such as `/dev/null` and `disabled:`, are no addresses. */
const busAddress = /^[a-z-]+:[a-z]+=/
const socketOf = /^unix:path=([^,;]+)/

/** The address of the login's D-Bus, by which Linux's keyrings are reached; undefined where there is none. */
export function sessionBusOf(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const { DBUS_SESSION_BUS_ADDRESS: named, XDG_RUNTIME_DIR: folder } = env
  const address = named ?? (folder && `unix:path=${join(folder, 'bus')}`)
  if (!address || !busAddress.test(address)) return undefined
  const [, socket] = socketOf.exec(address) ?? []
  // A login's environment outlives its bus, and some systems name one that they never start.
  return socket === undefined || existsSync(socket) ? address : undefined
}
