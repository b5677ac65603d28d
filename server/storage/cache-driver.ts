import { defineDriver } from 'unstorage'
import type { Cache } from './cache'

/** The shared cache as a place where unstorage keeps things, for so long; they can't be listed. */
export const cacheDriver = defineDriver((options: { cache: Cache; prefix: string; ttlSeconds: number }) => {
  const { cache, prefix, ttlSeconds } = options
  const keyOf = (key: string) => `${prefix}:${key}`
  return {
    name: 'tenantry-cache',
    hasItem: async (key: string) => (await cache.get(keyOf(key))) !== null,
    getItem: (key: string) => cache.get(keyOf(key)),
    setItem: (key: string, value: string) => cache.set(keyOf(key), value, ttlSeconds),
    removeItem: (key: string) => cache.delete(keyOf(key)),
    getKeys: () => [],
  }
})
