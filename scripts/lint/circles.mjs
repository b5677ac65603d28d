// @ts-check
// No module may come back to itself, by a type neither. `npm run circles` applies it, circles.test.ts proves it.

/** @type {import('dependency-cruiser').IConfiguration} */
const circles = {
  forbidden: [
    {
      name: 'no-circles',
      comment: 'Move what both need into a third module, or hand it over as an argument.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
  ],
  options: {
    // Sees `import type` too.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: '.nuxt/tsconfig.app.json' },
    exclude: { path: '(^|/)(node_modules|\\.nuxt|\\.output|\\.cache|data|generated|\\.artifacts)/' },
  },
}

export default circles
