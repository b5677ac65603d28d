import { z } from 'zod'
import { note, wholeNumber } from './shapes'

const databaseUrl = z.string().refine((text) => {
  if (/^file:./.test(text)) return !text.includes('?')
  return /^postgres(ql)?:\/\//.test(text) && URL.canParse(text) && new URL(text).pathname.length > 1
}, 'must be file:PATH for SQLite or postgresql://USER:PASSWORD@HOST:PORT/NAME')

/** Of a master key wherever it comes from. */
export const MasterKey = z
  .string()
  .trim()
  .refine(
    (text) => /^[A-Za-z0-9+/_-]+={0,2}$/.test(text) && Buffer.from(text, 'base64').length === 32,
    'must be 32 bytes in base64, as `openssl rand -base64 32` makes them',
  )

const keyringEntry = z
  .string()
  .trim()
  .regex(/^\P{Cc}{1,200}$/u, 'must be one line of at most 200 characters')

/** What is kept, where, and under which key. */
export const dataVariables = {
  DATA_DIR: note(z.string().optional(), {
    description:
      'Folder of the SQLite file, the vault on disk and the generated master key. The one place that is written to.',
    fallback: './data',
  }),
  DATABASE_URL: note(databaseUrl.optional(), {
    description: '`file:PATH` for SQLite, or `postgresql://…`.',
    secret: true,
    fallback: 'file:DATA_DIR/tenantry.db',
  }),
  DATABASE_POOL_MAX: note(wholeNumber(1, 1000).optional(), {
    description: 'Most connections of one process to PostgreSQL.',
    fallback: '10',
  }),
  REDIS_URL: note(z.url({ protocol: /^rediss?$/, error: 'must be redis://… or rediss://…' }).optional(), {
    description: 'The shared cache of all replicas. Without it the database is used.',
    secret: true,
    fallback: 'none',
  }),
  MASTER_KEY: note(MasterKey.optional(), {
    description:
      '32 random bytes in base64, from which every other key is derived. Where it is not set, in standalone mode on ' +
      "SQLite without Redis: the entry of the OS's keyring, else one that is generated into DATA_DIR. Everywhere else " +
      'it must be set, the same for every replica.',
    secret: true,
    fallback: 'keyring, else generated',
  }),
  MASTER_PASSPHRASE: note(
    z.string().min(16, 'must have at least 16 characters, such as five words chosen by dice').optional(),
    {
      description:
        'In place of MASTER_KEY: words from which the master key is derived by Argon2id, at the cost of 64 MiB and some ' +
        '100 ms at every start.',
      secret: true,
      fallback: 'none',
    },
  ),
  MASTER_KEYRING_ENTRY: note(keyringEntry.optional(), {
    description:
      "In place of MASTER_KEY: the name of the entry in the OS's keyring that holds it, as `tenantry vault keyring put` " +
      'puts it there. Where it is set, the entry must be there: none is generated. Where it is not, the entry that is ' +
      "named by DATA_DIR's path is taken where there is one.",
    fallback: 'DATA_DIR',
  }),
  VAULT_BACKEND: note(z.enum(['disk', 'redis', 'database']).optional(), {
    description:
      "Where the tenants' secrets are kept, as ciphertext. `disk`: in DATA_DIR, for one container. `redis`: in " +
      'REDIS_URL, which has to keep what it has (`appendonly yes`, `maxmemory-policy noeviction`). `database`: in ' +
      'DATABASE_URL. Secrets do not move when it is changed.',
    fallback: '`disk`; `database` where PostgreSQL or Redis is configured',
  }),
}
