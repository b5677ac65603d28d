import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { SchemaEngine } from '@prisma/schema-engine-wasm'

const entry = '@prisma/schema-engine-wasm/schema_engine_bg'
let loading: Promise<typeof SchemaEngine> | undefined

/**
 * Prisma's schema engine, compiled to WebAssembly: 5 MB and some 100 ms, so only where there is work for it.
 * Loaded by hand, since Node imports a .wasm only with a warning, and a bundler not at all.
 */
export function loadSchemaEngine(): Promise<typeof SchemaEngine> {
  loading ??= load()
  return loading
}

async function load(): Promise<typeof SchemaEngine> {
  const bindings = await import('@prisma/schema-engine-wasm/schema_engine_bg')
  const folder = dirname(createRequire(import.meta.url).resolve(entry))
  const code = await readFile(join(folder, 'schema_engine_bg.wasm'))
  const { instance } = await WebAssembly.instantiate(code, { './schema_engine_bg.js': { ...bindings } })
  bindings.__wbg_set_wasm(instance.exports)
  const start = instance.exports.__wbindgen_start
  if (typeof start === 'function') start()
  return bindings.SchemaEngine
}
