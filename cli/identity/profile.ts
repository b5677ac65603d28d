import { chmod, link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { exitCodes } from '../exit-codes'
import { Failure, misuse } from '../failure'
import type { World } from '../world'

/** What is kept of an identity on this machine. */
const Profile = z.object({
  /** Origin. */
  server: z.url(),
  /** The portal's public origin, where that is another. */
  audience: z.url().optional(),
  handle: z.string(),
  /** PKCS#8 in PEM; absent: it comes from the environment. */
  privateKey: z.string().optional(),
  /** The key that is to take its place, from before the portal is told until the answer is here. */
  nextPrivateKey: z.string().optional(),
})
export type Profile = z.output<typeof Profile>

const ownerOnly = 0o600

/** Where a profile lies. @throws Failure where its name is none */
export function profilePath({ env }: Pick<World, 'env'>, name: string): string {
  if (!/^[A-Za-z0-9][\w-]{0,63}$/.test(name))
    throw misuse(`A profile's name has letters, digits, _ and -, not ${name}.`)
  // An address that is not absolute is to be ignored (XDG Base Directory Specification).
  const folder = env.XDG_CONFIG_HOME?.startsWith('/')
    ? env.XDG_CONFIG_HOME
    : join(env.HOME ?? homedir(), '.config')
  return join(folder, 'tenantry', `${name}.json`)
}

/** @returns null where there is none @throws Failure where there is something else */
export async function readProfile(path: string): Promise<Profile | null> {
  try {
    return Profile.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    const { code = 'it is none' } = error as NodeJS.ErrnoException
    throw new Failure(
      exitCodes.failed,
      'cli.profile_broken',
      `The identity in ${path} can't be read: ${code}.`,
    )
  }
}

/**
 * Writes a profile, for its owner alone. At each moment the file is the former one or the new one, whole.
 *
 * @throws Failure where `isNew` and there is one already: no key is ever written over by another
 */
export async function writeProfile(path: string, profile: Profile, { isNew = false } = {}): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const draft = `${path}.${process.pid}.new`
  try {
    await writeFile(draft, `${JSON.stringify(profile, null, 2)}\n`, {
      mode: ownerOnly,
      flag: 'wx',
      flush: true,
    })
    await chmod(draft, ownerOnly)
    if (isNew) await link(draft, path)
    else await rename(draft, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    throw new Failure(exitCodes.failed, 'cli.profile_taken', `Another process is writing ${path}.`, {
      cause: error,
    })
  } finally {
    await rm(draft, { force: true })
  }
}
