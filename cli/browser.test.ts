import { expect, it } from 'vitest'
import { hasDesktop } from './browser'

const display = { DISPLAY: ':0' }

it.each([
  ['a display on Linux', 'linux', display, true, true],
  ['Wayland on Linux', 'linux', { WAYLAND_DISPLAY: 'wayland-0' }, true, true],
  ['no display on Linux', 'linux', {}, true, false],
  ['macOS', 'darwin', {}, true, true],
  ['Windows', 'win32', {}, true, true],
  [
    'ssh, with a display sent along',
    'linux',
    { ...display, SSH_CONNECTION: '192.0.2.1 5 192.0.2.2 22' },
    true,
    false,
  ],
  ['ssh to macOS', 'darwin', { SSH_TTY: '/dev/ttys001' }, true, false],
  ['a script on a desktop', 'linux', display, false, false],
] as const)('with %s', (_, platform, env, isTerminal, expected) => {
  expect(hasDesktop({ platform, env, isTerminal })).toBe(expected)
})
