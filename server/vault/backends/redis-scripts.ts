/**
 * What Redis does in one go. Of an entry's hash, `newest` is a version's number, and the field of each number is when
 * it was written and the sealed text; a vault has a set of its entries, ordered by their bytes, and a hash of what
 * lists show of each.
 */
export const scripts = {
  // Entry, set, heads; version, time, sealed, member, version that is no longer kept.
  vaultAppend: {
    numberOfKeys: 3,
    lua: `
      local newest = tonumber(redis.call('HGET', KEYS[1], 'newest') or '0')
      if newest ~= tonumber(ARGV[1]) - 1 then return 0 end
      redis.call('HSET', KEYS[1], 'newest', ARGV[1], ARGV[1], ARGV[2] .. ' ' .. ARGV[3])
      redis.call('HDEL', KEYS[1], ARGV[5])
      redis.call('ZADD', KEYS[2], 0, ARGV[4])
      redis.call('HSET', KEYS[3], ARGV[4], ARGV[1] .. ' ' .. ARGV[2])
      return 1`,
  },
  // Entry. Gives the newest version's number and content.
  vaultNewest: {
    numberOfKeys: 1,
    lua: `
      local newest = redis.call('HGET', KEYS[1], 'newest')
      if not newest then return {} end
      return { newest, redis.call('HGET', KEYS[1], newest) or '' }`,
  },
  // Entry, set, heads; member.
  vaultRemove: {
    numberOfKeys: 3,
    lua: `
      redis.call('ZREM', KEYS[2], ARGV[1])
      redis.call('HDEL', KEYS[3], ARGV[1])
      return redis.call('DEL', KEYS[1])`,
  },
  // Set, heads; from, to, how many. Gives each member and its head in turn.
  vaultList: {
    numberOfKeys: 2,
    lua: `
      local listed = {}
      for _, member in ipairs(redis.call('ZRANGEBYLEX', KEYS[1], ARGV[1], ARGV[2], 'LIMIT', 0, ARGV[3])) do
        listed[#listed + 1] = member
        listed[#listed + 1] = redis.call('HGET', KEYS[2], member) or ''
      end
      return listed`,
  },
}

type Argument = string | number

/** The commands that the scripts become. */
export interface VaultCommands {
  vaultAppend(...keysAndArguments: Argument[]): Promise<number>
  vaultNewest(entry: string): Promise<[] | [newest: string, content: string]>
  vaultRemove(...keysAndArguments: Argument[]): Promise<number>
  vaultList(...keysAndArguments: Argument[]): Promise<string[]>
}
