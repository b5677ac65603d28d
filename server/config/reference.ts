import type { z } from 'zod'
import { variables } from './variables'

/** docs/configuration.md, whole, as Markdown: one row for each variable. */
export function configurationReference(): string {
  const rows = Object.entries(variables).map(([name, schema]) => {
    const notes = (schema as z.ZodType).meta()
    const names = notes?.secret ? `\`${name}\`, \`${name}_FILE\`` : `\`${name}\``
    return `| ${names} | ${notes?.fallback ?? 'none'} | ${notes?.description ?? ''} |`
  })
  return [
    '# Configuration',
    '',
    '<!-- Generated from server/config/variables.ts by `npm run docs`. Do not edit. -->',
    '',
    'The environment is read once, when the server starts. All faults are reported together and the server exits',
    'with code 1. An empty variable counts as not set. A secret can be given by the path of a file that holds it,',
    'in the variable with `_FILE` behind its name.',
    '',
    '| Variable | Default | Meaning |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ].join('\n')
}
