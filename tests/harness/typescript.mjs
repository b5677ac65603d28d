// For tests of several processes: node --import <this file> <program>.ts
import '../../scripts/typescript.mjs'
