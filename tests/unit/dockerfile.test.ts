import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { loadConfig } from '#server/config/config'
import { variables } from '#server/config/variables'
import { version } from '#server/lib/version'
import { read, readImage } from '../harness/deployment'

const image = readImage()

describe('Dockerfile', () => {
  it('ends in an image that holds the build alone, and runs it as somebody who may change nothing but the data', () => {
    expect(image.of('FROM')).toEqual(['node:24-bookworm-slim'])
    expect(image.of('COPY').toSorted()).toEqual([
      '--from=build /src/.output .output',
      'scripts/healthcheck.mjs ./',
    ])
    expect(image.of('USER')).toEqual(['1000:1000'])
    expect(image.of('VOLUME')).toEqual([`["${image.environment.DATA_DIR}"]`])
    expect(image.of('STOPSIGNAL')).toEqual(['SIGTERM'])
    // As a list: the server itself is the first process, and gets the signal.
    expect(image.of('CMD')).toEqual(['["node", ".output/server/index.mjs"]'])
    expect(image.names).not.toContain('ENTRYPOINT')
  })

  it('sets variables that the server knows, or that are for what it runs on', () => {
    const foreign = ['NODE_ENV', 'NODE_OPTIONS', 'MALLOC_ARENA_MAX', 'MALLOC_MMAP_THRESHOLD_']
    expect([...Object.keys(variables), ...foreign]).toEqual(
      expect.arrayContaining(Object.keys(image.environment)),
    )
    expect(loadConfig(image.environment).database.url).toBe('file:/data/tenantry.db')
  })

  it('has a health check that is there, and the version of package.json', () => {
    expect(existsSync(new URL('../../scripts/healthcheck.mjs', import.meta.url))).toBe(true)
    expect(image.of('LABEL').join()).toContain(`org.opencontainers.image.version="${version}"`)
  })

  it('is built on the Node that the project runs on, from sources alone', () => {
    expect(image.of('FROM')[0]).toContain(`node:${read('.nvmrc').trim()}-`)
    const ignored = read('.dockerignore').split('\n')
    expect(ignored).toEqual(
      expect.arrayContaining(['node_modules', '.git', '.env', '.env.*', 'data', '.output', '.nuxt']),
    )
    // What the build reads is not among it.
    for (const needed of [
      '.npmrc',
      'package-lock.json',
      'prisma',
      'scripts',
      'server',
      'shared',
      'app',
      'public',
    ])
      expect(ignored).not.toContain(needed)
  })
})
