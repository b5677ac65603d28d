#!/usr/bin/env node
import { machineCommands } from './machine-commands'
import { runHere } from './process'

await runHere(machineCommands)
