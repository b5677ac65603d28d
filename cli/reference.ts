import { stripVTControlCharacters } from 'node:util'
import type { Commands } from './command'
import { commands } from './commands'
import { exitCodesInWords } from './exit-codes'
import { usageOf } from './run'

const introduction = `# The command line

<!-- Generated from the commands' own help by \`npm run docs\`. -->

Machines use it to get an identity and to reach the secrets of their tenant; operators to help themselves where the portal
can't.

- In the image: \`docker exec -it NAME tenantry user reset-password olga@example.org\`.
- In a checkout, after \`npm ci\` and \`npm run generate\`: \`npx tenantry\`.
- On a machine that has neither: \`npm run build\` makes a package of what machines need, without dependencies, and the image
  has it as \`/app/.output/npm\`. \`npm pack ./.output/npm\` makes one file of it, and wherever there is Node 20 or later
  \`npx ./tenantry-VERSION.tgz whoami\` runs that. The commands for operators are not in it. No registry has it: plain
  \`npx tenantry\` outside of a checkout is none of ours.

- Results go to stdout, everything else to stderr. With \`--json\` the result is one line of JSON, and so is a failure,
  \`{"error":{"code","message"}}\`, on stderr.
- Secrets are read from stdin, a file or a prompt, never from the command line, where other users of the machine see them.
- The identity is kept in \`$XDG_CONFIG_HOME/tenantry\` (default \`~/.config/tenantry\`), for its owner alone.

| variable                                                 | meaning                                                        |
| -------------------------------------------------------- | -------------------------------------------------------------- |
| \`TENANTRY_SERVER\`                                        | the portal's address                                           |
| \`TENANTRY_HANDLE\`                                        | the machine's name                                             |
| \`TENANTRY_IDENTITY_KEY\`, \`TENANTRY_IDENTITY_KEY_FILE\`    | its key, PKCS#8 in PEM: \`openssl genpkey -algorithm ed25519\`   |
| \`TENANTRY_API_TOKEN\`, \`TENANTRY_API_TOKEN_FILE\`          | an API token, in place of an identity                          |
| \`TENANTRY_PROFILE\`                                       | which of several identities on this machine                    |

The commands for operators read what the server reads: [configuration.md](configuration.md).

## The client as a library

After \`npm run build\`, \`tenantry/client\`, which is in that package too, is what the command line is built on: a client of all addresses of the API, with types
from its OpenAPI document, that signs each request.

\`\`\`ts
import { createTenantry, readMachineKey } from 'tenantry/client'

const key = await readMachineKey(pem)
const tenantry = createTenantry({ server: 'https://portal.example.org', credential: { handle: 'backup-1', key } })
const { data, error } = await tenantry.GET('/api/me')
\`\`\`
`

/** docs/cli.md: every command by its own help. */
export async function reference(): Promise<string> {
  const codes = Object.entries(exitCodesInWords).map(([code, words]) => `| ${code} | ${words} |`)
  const table = ['## Exit codes', '', '| code | meaning |', '| ---- | ------- |', ...codes].join('\n')
  const sections = await sectionsOf([], commands)
  return `${[introduction, table, '', '## Commands', '', ...sections].join('\n').trimEnd()}\n`
}

async function sectionsOf(path: string[], entries: Commands): Promise<string[]> {
  const sections: string[] = []
  for (const [name, entry] of Object.entries(entries)) {
    const words = [...path, name]
    if ('commands' in entry) sections.push(...(await sectionsOf(words, entry.commands)))
    else {
      const usage = stripVTControlCharacters(await usageOf(words, entry)).replace(/[ \t]+$/gm, '')
      sections.push(`### tenantry ${words.join(' ')}`, '', '```text', usage, '```', '')
    }
  }
  return sections
}
