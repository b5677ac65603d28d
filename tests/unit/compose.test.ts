import { describe, expect, it } from 'vitest'
import { loadConfig } from '#server/config/config'
import { secretNames, variables } from '#server/config/variables'
import { interpolate, read, readCompose, readImage, requiredIn, variablesIn } from '../harness/deployment'

const composeFiles = ['docker-compose.yaml', 'docker-compose-pod.yaml'] as const
const image = readImage()

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
  const { services, networks, volumes } = readCompose(name)
  const { portal, postgres } = services
  const environmentWith = (set: Record<string, string>) =>
    Object.fromEntries(
      Object.entries(portal.environment).map(([key, value]) => [key, interpolate(value, set)]),
    )

  it('gives the portal variables that it knows, and a configuration that it starts with', () => {
    expect(known).toEqual(expect.arrayContaining(Object.keys(portal.environment)))
    const config = loadConfig({ ...image.environment, ...environmentWith(example) })
    expect(config.database.url).toBe('postgresql://tenantry:abc123@postgres:5432/tenantry')
    expect(config.publicUrl).toBe('https://portal.example.org')
    expect(config.masterSecret?.kind).toBe('random')
  })

  it('lets everything be set that the image and the file do not fix', () => {
    const fixed = [
      'HOST',
      'PORT',
      'DATA_DIR',
      // The files ask for MASTER_KEY.
      'MASTER_PASSPHRASE',
      'MASTER_KEYRING_ENTRY',
      ...(name.includes('pod') ? ['AUTH_MODE', 'LOCAL_SIGN_IN'] : []),
    ]
    const settable = Object.keys(variables).filter((variable) => !fixed.includes(variable))
    expect(Object.keys(portal.environment)).toEqual(expect.arrayContaining(settable))
    for (const variable of settable.filter((variable) => variable !== 'DATABASE_URL'))
      expect(portal.environment[variable]).toMatch(new RegExp(`^\\$\\{${variable}:[-?]`))
  })

  it('takes nothing from its environment that .env.example does not name', () => {
    const documented = [...read('.env.example').matchAll(/^(\w+)=/gm)].map(([, variable]) => variable)
    expect(variablesIn(read(name)).filter((variable) => !documented.includes(variable))).toEqual([])
    expect(variablesIn(read(name)).filter((variable) => ![...known, ...ownNames].includes(variable))).toEqual(
      [],
    )
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
    expect(portal.volumes).toEqual([`data:${image.environment.DATA_DIR}`])
    const [healthcheck = ''] = image.of('HEALTHCHECK')
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
  const { services } = readCompose('docker-compose.yaml')

  it('publishes the portal, on this machine alone unless it is told otherwise, and not the database', () => {
    const [exposed] = image.of('EXPOSE')
    expect(exposed).toBe(image.environment.PORT)
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
    expect(requiredIn(read('docker-compose.yaml'))).toEqual(['MASTER_KEY', 'POSTGRES_PASSWORD'])
  })
})

describe('docker-compose-pod.yaml', () => {
  const { services } = readCompose('docker-compose-pod.yaml')

  it('publishes nothing', () => {
    for (const service of Object.values(services)) expect(service).not.toHaveProperty('ports')
  })

  it('is oidc-only, whatever its environment says, and needs the provider', () => {
    expect(services.portal.environment.AUTH_MODE).toBe('oidc-only')
    expect(requiredIn(read('docker-compose-pod.yaml'))).toEqual(Object.keys(example).sort())
  })

  it('stays stopped when it was stopped', () => {
    expect(services.portal.restart).toBe('on-failure')
    expect(services.postgres.restart).toBe('on-failure')
  })
})
