import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findNode, suits } from './node.mjs'

describe('suits', () => {
  it.each([
    ['v24.11.0', true],
    ['24.21.0', true],
    ['v26.0.0', true],
    ['v24.10.9', false],
    ['v25.1.0', false],
    ['v22.19.0', false],
    ['v20.20.2', false],
    ['', false],
  ])('%s: %s', (version, expected) => {
    expect(suits(version)).toBe(expected)
  })
})

describe('findNode', () => {
  let root: string

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'tenantry-node-'))
  })

  afterEach(() => rmSync(root, { recursive: true, force: true }))

  function writeNode(version: string) {
    const file = join(root, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node')
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, `#!/bin/sh\necho ${version}\n`)
    chmodSync(file, 0o755)
    return file
  }

  it("takes the project's own first", () => {
    expect(findNode(root, { PATH: '' })).toBe(process.execPath)
    const own = writeNode('v24.11.1')
    expect(findNode(root, { PATH: '' })).toBe(own)
  })

  it("takes the system's where the own one does not start here", () => {
    writeFileSync(writeNode('v24.11.1'), '\x7fELF of another C library')
    expect(findNode(root, { PATH: '' })).toBe(process.execPath)
  })
})
