import type { Redis } from 'ioredis'
import { keptVersions } from '#shared/contracts/vaults'
import type { Log } from '#server/lib/log'
import { openRedis } from '#server/storage/redis'
import { fullKey } from '../places'
import { VaultUnavailable } from '../vault.errors'
import type { Entry, ListPage, StoredVersion, VaultBackend } from './backend.port'
import { boundsOf } from './page'
import { scripts, type VaultCommands } from './redis-scripts'

/** Below every character of a service or name, so that the order is that of services first. */
const separator = ' '
/** Above every character of them. */
const beyond = '\u007f'
const removedAtOnce = 500

const setOf = (vaultId: string) => `vault:${vaultId}`
const headsOf = (vaultId: string) => `vault-heads:${vaultId}`
const memberOf = ({ service, name }: Entry) => `${service}${separator}${name}`
const keysOf = (entry: Entry) => [fullKey(entry), setOf(entry.vaultId), headsOf(entry.vaultId)] as const

/**
 * The vault in Redis 6.2 or later, under `tenantry:vault:` and `tenantry:vault-heads:`. It holds the only copy: this
 * Redis has to keep what it has (`appendonly yes`), and to evict nothing (`maxmemory-policy noeviction`).
 *
 * @param options.url `redis://` or `rediss://`; REDIS_URL
 */
export function openRedisBackend(options: { url: string; log: Log }): VaultBackend {
  const { ask, close } = openRedis({
    ...options,
    scripts,
    unavailable: (message, cause) => new VaultUnavailable(new Error(message, { cause })),
  })
  const run = <T>(question: (redis: Redis & VaultCommands) => Promise<T>) =>
    ask((redis) => question(redis as Redis & VaultCommands))

  return {
    async newest(entry) {
      return Number((await run((redis) => redis.hget(fullKey(entry), 'newest'))) ?? 0)
    },

    async append(entry, { version, writtenAt, sealed }) {
      const forgotten = version - keptVersions
      const done = await run((redis) =>
        redis.vaultAppend(...keysOf(entry), version, writtenAt, sealed, memberOf(entry), forgotten),
      )
      return done === 1
    },

    async read(entry, version) {
      if (version === undefined) {
        const found = await run((redis) => redis.vaultNewest(fullKey(entry)))
        return found.length === 0 ? null : toStored(...found)
      }
      const content = await run((redis) => redis.hget(fullKey(entry), String(version)))
      return content === null ? null : toStored(String(version), content)
    },

    async versions(entry) {
      const { newest: _, ...contents } = await run((redis) => redis.hgetall(fullKey(entry)))
      return Object.entries(contents)
        .map(([version, content]) => toStored(version, content))
        .sort((one, other) => other.version - one.version)
    },

    async remove(entry) {
      return (await run((redis) => redis.vaultRemove(...keysOf(entry), memberOf(entry)))) === 1
    },

    async list(vaultId, page) {
      const [from, to] = rangeOf(page)
      const listed = await run((redis) =>
        redis.vaultList(setOf(vaultId), headsOf(vaultId), from, to, page.limit),
      )
      return Array.from({ length: listed.length / 2 }, (_, at) => {
        const [service = '', name = ''] = listed[2 * at]?.split(separator) ?? []
        const [version, writtenAt] = listed[2 * at + 1]?.split(' ').map(Number) ?? []
        return { service, name, version: version || 0, writtenAt: writtenAt || 0 }
      })
    },

    async removeVault(vaultId) {
      for (;;) {
        const members = await run((redis) => redis.zrange(setOf(vaultId), 0, removedAtOnce - 1))
        if (members.length === 0) break
        const keys = members.map((member) => `vault:${vaultId}:${member.replace(separator, ':')}`)
        await run((redis) => redis.unlink(...keys))
        await run((redis) => redis.zrem(setOf(vaultId), ...members))
      }
      await run((redis) => redis.del(headsOf(vaultId)))
    },

    async ping() {
      await run((redis) => redis.ping())
    },

    close,
  }
}

function toStored(version: string, content: string): StoredVersion {
  const [whole, digits] = /^(\d{1,15}) /.exec(content) ?? []
  if (whole === undefined) return { version: Number(version), sealed: content, writtenAt: 0 }
  return { version: Number(version), sealed: content.slice(whole.length), writtenAt: Number(digits) }
}

/** From where to where, as ZRANGEBYLEX takes it. */
function rangeOf(page: ListPage): [from: string, to: string] {
  const { service, name, after } = boundsOf(page)
  const start = name === undefined ? service : `${service}${separator}${name}`
  const last = after.service === '' ? '' : `${after.service}${separator}${after.name}`
  return [last >= start && last !== '' ? `(${last}` : `[${start}`, `(${start}${beyond}`]
}
