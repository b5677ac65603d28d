import packageJson from '../../package.json' with { type: 'json' }

/** Tenantry's own version (SemVer), as package.json has it. */
export const version: string = packageJson.version
