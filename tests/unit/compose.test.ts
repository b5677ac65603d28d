import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { loadConfig } from '#server/config/config'
import { secretNames, variables } from '#server/config/variables'
import { version } from '#server/lib/version'

const read = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8')

const Service = z.strictObject({
  image: z.string(),
  build: z.string().optional(),
  restart: z.string(),
  depends_on: z.record(z.string(), z.strictObject({ condition: z.string() })).optional(),
  ports: z.array(z.string()).optional(),
  networks: z.array(z.string()),
  volumes: z.array(z.string()),
  environment: z.record(z.string(), z.string()),
  healthcheck: z.strictObject({
    test: z.array(z.string()),
    interval: z.string(),
    timeout: z.string(),
    start_period: z.string(),
    start_interval: z.string(),
    retries: z.number(),
  }),
  stop_grace_period: z.string(),
  user: z.string().optional(),
  read_only: z.boolean(),
  tmpfs: z.array(z.string()).optional(),
  cap_drop: z.array(z.string()),
  security_opt: z.array(z.string()),
  shm_size: z.string().optional(),
  logging: z.unknown(),
})
const Compose = z.strictObject({
  name: z.string(),
  services: z.strictObject({ portal: Service, postgres: Service }),
  networks: z.record(z.string(), z.strictObject({ internal: z.boolean().optional() })),
  volumes: z.record(z.string(), z.strictObject({})),
})

const composeFiles = ['docker-compose.yaml', 'docker-compose-pod.yaml'] as const
const compose = (name: string) => Compose.parse(parse(read(name)))

/** What a container sees where these variables are set: as Compose interpolates, `:-` and `:?` alone. */
function interpolate(text: string, set: Record<string, string>): string {
  const variable = /\$\{(\w+)(?::([-?])((?:[^${}]|\$\{[^{}]*\})*))?\}/g
  return text.replace(variable, (_whole, name: string, operator?: string, rest = '') => {
    if (set[name]) return set[name]
    if (operator === '?') throw new Error(`${name}: ${rest}`)
    return interpolate(rest, set)
  })
}

/** Names of the variables that a file takes from its environment. */
const namesIn = (text: string) => new Set([...text.matchAll(/\$\{(\w+)/g)].map(([, name = '']) => name))

/** Those that a file does not start without. */
const requiredIn = (text: string) => new Set([...text.matchAll(/\$\{(\w+):\?/g)].map(([, name = '']) => name))

/** The last stage's instructions. */
function dockerfile(): { instruction: string; words: string }[] {
  const lines = read('Dockerfile')
    .replace(/^\s*#.*\n/gm, '')
    .replace(/\\\n\s*/g, '')
    .split('\n')
  const all = lines.filter(Boolean).map((line) => {
    const [, instruction = '', words = ''] = /^(\w+)\s+(.*)$/.exec(line) ?? []
    return { instruction, words }
  })
  return all.slice(all.findLastIndex(({ instruction }) => instruction === 'FROM'))
}
const instructions = (name: string) =>
  dockerfile().flatMap(({ instruction, words }) => (instruction === name ? [words] : []))
const imageEnvironment = Object.fromEntries(
  instructions('ENV').flatMap((words) =>
    [...words.matchAll(/(\w+)=("[^"]*"|\S+)/g)].map(([, name, value = '']) => [
      name,
      value.replaceAll('"', ''),
    ]),
  ),
)

/** Of Compose alone; the portal never sees them. */
const ownNames = ['POSTGRES_PASSWORD', 'PUBLISH_ADDRESS', 'PUBLISH_PORT']
const known = [...Object.keys(variables), ...secretNames.map((name) => `${name}_FILE`)]

const example = {
  POSTGRES_PASSWORD: 'abc123',
  MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
  PUBLIC_URL: 'https://portal.example.org',
  OIDC_ISSUER: 'https://id.example.org/application/o/tenantry/',
  OIDC_CLIENT_ID: 'tenantry',
  OIDC_CLIENT_SECRET: 'a-secret',
}

describe.each(composeFiles)('%s', (name) => {
  const { services, networks, volumes } = compose(name)
  const { portal, postgres } = services
  const environmentWith = (set: Record<string, string>) =>
    Object.fromEntries(
      Object.entries(portal.environment).map(([key, value]) => [key, interpolate(value, set)]),
    )

  it('gives the portal variables that it knows, and a configuration that it starts with', () => {
    expect(known).toEqual(expect.arrayContaining(Object.keys(portal.environment)))
    const config = loadConfig({ ...imageEnvironment, ...environmentWith(example) })
    expect(config.database.url).toBe('postgresql://tenantry:abc123@postgres:5432/tenantry')
    expect(config.publicUrl).toBe('https://portal.example.org')
    expect(config.masterKey).toHaveLength(32)
  })

  it('lets everything be set that the image and the file do not fix', () => {
    const fixed = ['HOST', 'PORT', 'DATA_DIR', ...(name.includes('pod') ? ['AUTH_MODE'] : [])]
    const settable = Object.keys(variables).filter((variable) => !fixed.includes(variable))
    expect(Object.keys(portal.environment)).toEqual(expect.arrayContaining(settable))
    for (const variable of settable.filter((variable) => variable !== 'DATABASE_URL'))
      expect(portal.environment[variable]).toMatch(new RegExp(`^\\$\\{${variable}:[-?]`))
  })

  it('takes nothing from its environment that .env.example does not name', () => {
    const documented = [...read('.env.example').matchAll(/^(\w+)=/gm)].map(([, variable]) => variable)
    expect([...namesIn(read(name))].filter((variable) => !documented.includes(variable))).toEqual([])
    expect(
      [...namesIn(read(name))].filter((variable) => ![...known, ...ownNames].includes(variable)),
    ).toEqual([])
  })

  it('does not start without the secrets that it needs, and says how to make them', () => {
    expect(() => environmentWith({ ...example, MASTER_KEY: '' })).toThrow(
      /MASTER_KEY: .*openssl rand -base64 32/,
    )
    expect(() => environmentWith({ ...example, POSTGRES_PASSWORD: '' })).toThrow(
      /POSTGRES_PASSWORD: .*openssl rand/,
    )
    const password = postgres.environment.POSTGRES_PASSWORD ?? ''
    expect(() => interpolate(password, {})).toThrow(/POSTGRES_PASSWORD: .*openssl rand/)
    // Neither a default nor the text itself is a secret.
    expect(interpolate(password, example)).toBe('abc123')
  })

  it('runs the image as it was made to be run', () => {
    expect(portal.build).toBe('.')
    expect(portal.volumes).toEqual([`data:${imageEnvironment.DATA_DIR}`])
    const [healthcheck = ''] = instructions('HEALTHCHECK')
    const [, command = ''] = /CMD (\[.*\])$/.exec(healthcheck) ?? []
    expect(portal.healthcheck.test).toEqual(['CMD', ...(JSON.parse(command) as string[])])
    expect(healthcheck).toContain(`--timeout=${portal.healthcheck.timeout}`)
    expect(Number.parseInt(portal.stop_grace_period)).toBeGreaterThan(10)
  })

  it('gives neither container more than it needs', () => {
    for (const service of [portal, postgres]) {
      expect(service.read_only).toBe(true)
      expect(service.cap_drop).toEqual(['ALL'])
      expect(service.security_opt).toEqual(['no-new-privileges:true'])
    }
    // The portal's user is the image's; it needs no place to write to but its volume.
    expect(portal).not.toHaveProperty('user')
    expect(portal).not.toHaveProperty('tmpfs')
    expect(postgres.user).toBe('999:999')
    expect(postgres.networks).toEqual(['database'])
    expect(networks.database).toEqual({ internal: true })
  })

  it('starts the portal when the database answers over the network, and keeps its data', () => {
    expect(portal.depends_on).toEqual({ postgres: { condition: 'service_healthy' } })
    const { POSTGRES_USER, POSTGRES_DB } = postgres.environment
    const { username, pathname, hostname, port } = new URL(
      interpolate(portal.environment.DATABASE_URL ?? '', example),
    )
    expect([username, pathname, hostname, port]).toEqual([
      POSTGRES_USER,
      `/${POSTGRES_DB}`,
      'postgres',
      '5432',
    ])
    expect(postgres.healthcheck.test).toEqual(
      expect.arrayContaining(['CMD', 'pg_isready', '--host=127.0.0.1', `--username=${POSTGRES_USER}`]),
    )
    // Where images of PostgreSQL 18 and later keep their data.
    expect(postgres.image).toMatch(/^postgres:18\b/)
    expect(postgres.volumes).toEqual(['database:/var/lib/postgresql'])
    expect(Object.keys(volumes).sort()).toEqual(['data', 'database'])
  })
})

describe('docker-compose.yaml', () => {
  const { services } = compose('docker-compose.yaml')

  it('publishes the portal, on this machine alone unless it is told otherwise, and not the database', () => {
    const [exposed] = instructions('EXPOSE')
    expect(exposed).toBe(imageEnvironment.PORT)
    const [port = '', ...others] = services.portal.ports ?? []
    expect(others).toEqual([])
    expect(interpolate(port, {})).toBe(`127.0.0.1:3000:${exposed}`)
    expect(interpolate(port, { PUBLISH_ADDRESS: '0.0.0.0', PUBLISH_PORT: '80' })).toBe(
      `0.0.0.0:80:${exposed}`,
    )
    expect(services.postgres).not.toHaveProperty('ports')
    expect(interpolate(services.portal.environment.PUBLIC_URL ?? '', {})).toBe('http://localhost:3000')
    const moved = interpolate(services.portal.environment.PUBLIC_URL ?? '', { PUBLISH_PORT: '8080' })
    expect(moved).toBe('http://localhost:8080')
  })

  it('comes back after a failure and after the machine starts', () => {
    expect(services.portal.restart).toBe('unless-stopped')
    expect(services.postgres.restart).toBe('unless-stopped')
  })

  it('needs the two secrets and nothing else', () => {
    expect([...requiredIn(read('docker-compose.yaml'))].sort()).toEqual(['MASTER_KEY', 'POSTGRES_PASSWORD'])
  })
})

describe('docker-compose-pod.yaml', () => {
  const { services } = compose('docker-compose-pod.yaml')

  it('publishes nothing', () => {
    for (const service of Object.values(services)) expect(service).not.toHaveProperty('ports')
  })

  it('is oidc-only, whatever its environment says, and needs the provider', () => {
    expect(services.portal.environment.AUTH_MODE).toBe('oidc-only')
    expect([...requiredIn(read('docker-compose-pod.yaml'))].sort()).toEqual(Object.keys(example).sort())
  })

  it('stays stopped when it was stopped', () => {
    expect(services.portal.restart).toBe('on-failure')
    expect(services.postgres.restart).toBe('on-failure')
  })
})

describe('Dockerfile', () => {
  it('ends in an image that holds the build alone, and runs it as somebody who may change nothing but the data', () => {
    expect(instructions('FROM')).toEqual(['node:24-bookworm-slim'])
    expect(instructions('COPY').toSorted()).toEqual([
      '--from=build /src/.output .output',
      'scripts/healthcheck.mjs ./',
    ])
    expect(instructions('USER')).toEqual(['1000:1000'])
    expect(instructions('VOLUME')).toEqual([`["${imageEnvironment.DATA_DIR}"]`])
    expect(instructions('STOPSIGNAL')).toEqual(['SIGTERM'])
    // As a list: the server itself is the first process, and gets the signal.
    expect(instructions('CMD')).toEqual(['["node", ".output/server/index.mjs"]'])
    expect(dockerfile().map(({ instruction }) => instruction)).not.toContain('ENTRYPOINT')
  })

  it('sets variables that the server knows, or that are for what it runs on', () => {
    const foreign = ['NODE_ENV', 'NODE_OPTIONS', 'SQLITE_TMPDIR']
    expect([...Object.keys(variables), ...foreign]).toEqual(
      expect.arrayContaining(Object.keys(imageEnvironment)),
    )
    expect(loadConfig(imageEnvironment).database.url).toBe('file:/data/tenantry.db')
  })

  it('has a health check that is there, and the version of package.json', () => {
    expect(existsSync(new URL('../../scripts/healthcheck.mjs', import.meta.url))).toBe(true)
    expect(instructions('LABEL').join()).toContain(`org.opencontainers.image.version="${version}"`)
  })
})
