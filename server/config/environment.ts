import { loadConfig, type Config } from './config'

/**
 * The configuration of this very process. The only place where its environment is read.
 *
 * @throws ConfigError
 */
export function processConfig(): Config {
  return loadConfig(process.env)
}
