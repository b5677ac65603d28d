import { chromium, type Browser } from 'playwright-core'
import { findTool, installHint, tools } from '../../scripts/launch/tools.mjs'

/**
 * Starts Chromium from CHROMIUM_PATH or PATH, without a window.
 *
 * @throws Error saying what to install, where there is none
 */
export function launchChromium(): Promise<Browser> {
  const executablePath = findTool(tools.chromium, process.env)
  if (executablePath === undefined) throw new Error(installHint([tools.chromium]))
  return chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'],
  })
}
