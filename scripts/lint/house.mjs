// @ts-check
// Who may import whom. eslint.config.mjs applies it, house.test.ts proves it.
import boundaries from 'eslint-plugin-boundaries'

/** @typedef {import('eslint-plugin-boundaries').DependenciesPolicy} Policy */
/** @typedef {string | string[]} Names */

const surface = ['api', 'routes', 'middleware', 'plugins']
const useCases = ['domain', 'auth', 'identities', 'provisioning']
const plainRooms = [
  'http',
  'auth',
  'identities',
  'provisioning',
  'vault',
  'storage',
  'config',
  'lib',
  ...surface,
]
const serverRooms = [...plainRooms, 'domain', 'integrations', 'scope', 'container', 'main']

/** Parts of server/integrations that are no service: what every service's own part is made with. */
const sharedByIntegrations = ['http', 'fakes']

/** Launchers, tests and benches: they may import everything, and nothing that ships may import them. */
export const outside = ['**/*.test.ts', '{tests,scripts,bench,cli,modules}/**', '*.config.{ts,mjs}']

/** Every file belongs to one room; `store`, `policy`, `port` and `fake` are marks on top. */
const files = [
  { category: 'outside', pattern: outside, exclusive: true },
  { category: 'prisma', pattern: 'server/storage/generated/**', exclusive: true },
  { category: 'framework', pattern: '.nuxt/**', exclusive: true },

  { category: 'app', pattern: 'app/**' },
  { category: 'contracts', pattern: 'shared/**' },
  { category: 'scope', pattern: 'server/scope{.ts,/**}' },
  { category: 'container', pattern: 'server/container{.ts,/**}' },
  { category: 'main', pattern: 'server/main.ts' },
  { category: 'manifest', pattern: 'package.json' },
  { category: 'domain', pattern: 'server/domain/*/**', capture: ['part'] },
  { category: 'integrations', pattern: 'server/integrations/*/**', capture: ['part'] },
  ...plainRooms.map((name) => ({ category: name, pattern: `server/${name}/**` })),

  { category: 'store', pattern: 'server/**/*.store.ts' },
  { category: 'policy', pattern: 'server/**/*.policy.ts' },
  { category: 'port', pattern: 'server/**/*.port.ts' },
  { category: 'fake', pattern: ['server/integrations/*/fake{*.ts,/**}', 'server/integrations/fakes/**'] },
]

/** @param {Names} from @param {Names} to @returns {Policy} */
const allow = (from, to) => ({
  from: { file: { categories: from } },
  allow: { to: { file: { categories: to } } },
})

/** @param {Names} from @param {Names} to @returns {Policy} */
const allowTypes = (from, to) => ({
  from: { file: { categories: from } },
  allow: { to: { file: { categories: to } }, dependency: { kind: 'type' } },
})

/** Another part of the same noun, or of the same integration. @param {string} room @returns {Policy} */
const allowOwnPart = (room) => ({
  from: { file: { categories: room } },
  allow: { to: { file: { categories: room, captured: { part: '{{ from.file.captured.part }}' } } } },
})

/**
 * @param {Names} source names of packages
 * @param {string[]} rooms that may import them
 * @param {string} message
 * @returns {Policy}
 */
const only = (source, rooms, message) => ({
  from: { file: { categories: { noneOf: rooms } } },
  disallow: { to: { module: { origin: 'external', source } } },
  message,
})

const noStores =
  'A *.store.ts is imported by its own folder, by server/scope.ts and by server/container.ts alone.'
const mainFileOnly = 'Domain folders meet through their main file alone: server/domain/<noun>/<noun>.ts.'

/** Later ones win. @type {Policy[]} */
const policies = [
  { allow: { to: { module: { origin: ['external', 'core'] } } } },
  allow(serverRooms, ['lib', 'contracts']),
  allow(surface, ['http', ...useCases]),
  allow('http', [...useCases, 'scope', 'storage']),
  allow(useCases, [...useCases, 'scope', 'vault', 'storage']),
  allow('vault', 'storage'),
  allow('scope', ['scope', 'storage']),
  allow('container', ['container', ...useCases, 'scope', 'vault', 'storage', 'integrations', 'config']),
  allow(['plugins', 'main'], ['container', 'config', 'http']),
  allow('lib', 'manifest'),
  { from: { file: { categories: 'http' } }, allow: { dependency: { source: '#tenantry/routes' } } },
  { from: { file: { categories: 'main' } }, allow: { dependency: { source: '#nitro-internal-pollyfills' } } },
  allowTypes(['http', ...surface], ['container', 'config']),
  allow('app', ['app', 'contracts', 'framework']),
  allow('contracts', 'contracts'),

  {
    from: { file: { categories: serverRooms } },
    disallow: {
      to: {
        file: {
          categories: 'domain',
          path: '!server/domain/{{ to.file.captured.part }}/{{ to.file.captured.part }}.ts',
        },
      },
    },
    message: mainFileOnly,
  },
  { disallow: { to: { file: { categories: 'store' } } }, message: noStores },
  allow(['scope', 'container'], 'store'),
  allow('scope', 'policy'),
  allow([...useCases, 'integrations', 'storage', 'vault', 'container'], 'port'),
  ...plainRooms.map((name) => allow(name, name)),
  allowOwnPart('domain'),
  allowOwnPart('integrations'),
  {
    from: { file: { categories: 'integrations' } },
    allow: { to: { file: { categories: 'integrations', captured: { part: sharedByIntegrations } } } },
  },
  allow(['storage', 'store', 'prisma'], 'prisma'),

  {
    from: { file: { categories: { noneOf: ['fake'] } } },
    disallow: { to: { file: { categories: 'fake' } } },
    message: 'A fake is for tests: nothing that ships imports it.',
  },
  only(
    ['@prisma/*', 'prisma'],
    ['store', 'storage', 'prisma'],
    'Only *.store.ts and server/storage know Prisma.',
  ),
  only('h3', ['http', 'main'], 'Only server/http knows h3.'),
  only(
    ['@goauthentik/*', 'nodemailer'],
    ['integrations'],
    'Only server/integrations knows a service by its client.',
  ),
  {
    from: { file: { categories: 'app' } },
    disallow: { to: { module: { origin: 'core' } } },
    message: 'app runs in a browser: no modules of Node.',
  },
  {
    from: { file: { categories: 'contracts' } },
    disallow: { to: { module: { origin: ['external', 'core'], source: '!zod' } } },
    message: 'shared/contracts imports zod alone.',
  },
]

/**
 * ESLint configuration that holds the house's import directions.
 *
 * @param {string} root absolute path of the repository
 * @param {string[]} projects tsconfig files, relative to root, whose `paths` name the aliases
 * @returns {import('eslint').Linter.Config[]}
 */
export function house(root, projects) {
  return [
    {
      name: 'tenantry/house',
      files: ['{app,shared,server}/**/*.{ts,mts,vue}'],
      ignores: outside,
      plugins: { boundaries },
      settings: {
        'boundaries/root-path': root,
        'boundaries/files': files,
        'boundaries/legacy-templates': false,
        'import/resolver': {
          typescript: { project: projects.map((path) => `${root}/${path}`), noWarnOnMultipleProjects: true },
        },
      },
      rules: {
        'boundaries/no-unknown-files': 'error',
        'boundaries/dependencies': [
          'error',
          {
            default: 'disallow',
            checkAllOrigins: true,
            checkUnknownLocals: true,
            checkInternals: true,
            message: 'CONTRIBUTING.md, "The house": {{from.file.path}} may not import {{dependency.source}}.',
            policies,
          },
        ],
      },
    },
  ]
}
