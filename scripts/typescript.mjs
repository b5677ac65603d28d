// Lets plain Node run the server's TypeScript: node --import <this file> <program>.ts
import { registerHooks } from 'node:module'
import { pathToFileURL } from 'node:url'
import { root } from './schema.mjs'

const aliases = { '#server/': 'server/', '#shared/': 'shared/', '~~/': '' }

registerHooks({
  resolve(specifier, context, next) {
    const alias = Object.entries(aliases).find(([name]) => specifier.startsWith(name))
    const target = alias ? pathToFileURL(root + alias[1] + specifier.slice(alias[0].length)).href : specifier
    try {
      return next(target, context)
    } catch (error) {
      if (!target.startsWith('.') && !target.startsWith('file:')) throw error
      return next(`${target}.ts`, context)
    }
  },
})
