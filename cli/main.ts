#!/usr/bin/env node
import { commands } from './commands'
import { runHere } from './process'

await runHere(commands)
