import { fileURLToPath } from 'node:url'

/** One build serves every mode: nothing here is read from the environment. What is, is in server/config. */
export default defineNuxtConfig({
  compatibilityDate: '2026-11-01',
  modules: ['@nuxt/ui', 'nuxt-oidc-auth', '@nuxt/eslint', 'nuxt-security'],
  css: ['~/assets/main.css'],
  devtools: { enabled: false },
  telemetry: false,
  sourcemap: false,
  // Says which pages were rendered ahead, and there are none: each page would ask for it.
  experimental: { appManifest: false },

  app: {
    head: {
      htmlAttrs: { lang: 'en' },
      viewport: 'width=device-width, initial-scale=1',
      link: [{ rel: 'icon', type: 'image/svg+xml', href: '/favicon.svg' }],
    },
  },

  runtimeConfig: {
    /** Filled for each request from the parsed configuration by server/middleware/10.portal.ts. */
    public: { authMode: 'standalone' as 'standalone' | 'oidc-only' },
  },

  // The login's redirect and the exchange of its code, and nothing else: modules/oidc-build.ts, server/http/oidc-module.ts.
  // Addresses and names of the provider are given at run time. A variable NUXT_OIDC_… has no place here.
  oidc: {
    devtools: false,
    provideDefaultSecrets: false,
    middleware: { globalMiddlewareEnabled: false, customLoginPage: true, customLogoutPage: true },
    session: { cookieName: 'oidc-handover', maxAge: 120, expirationCheck: false, automaticRefresh: false },
    providers: {
      oidc: {
        callbackRedirectUrl: '/api/auth/oidc/complete',
        pkce: true,
        state: true,
        // Ours is sent along, and checked by ourselves.
        nonce: false,
        allowedClientAuthParameters: ['nonce', 'prompt', 'max_age'],
        tokenRequestType: 'form-urlencoded',
        authenticationScheme: 'header',
        validateAccessToken: false,
        skipAccessTokenParsing: true,
        validateIdToken: false,
        exposeIdToken: true,
        exposeAccessToken: true,
        sessionConfiguration: { expirationCheck: false, automaticRefresh: false, singleSignOut: false },
      },
    },
  },

  ui: { fonts: false },
  // Every icon that the sources name is in the bundle; nothing is asked for at run time.
  icon: {
    provider: 'none',
    clientBundle: { scan: { globInclude: ['app/**/*.{vue,ts}'] }, sizeLimitKb: 512 },
    serverBundle: false,
    collections: ['lucide'],
  },

  // Nonces and the policy of pages alone, which server/plugins/15.security-headers.ts gives it; all else is ours.
  security: {
    headers: false,
    nonce: true,
    sri: false,
    ssg: false,
    requestSizeLimiter: false,
    rateLimiter: false,
    xssValidator: false,
    corsHandler: false,
    allowedMethodsRestricter: false,
    removeLoggers: false,
  },

  nitro: {
    preset: 'node-server',
    // Many a self-hoster has no proxy in front that would do it.
    compressPublicAssets: { gzip: true, brotli: true },
    imports: { autoImport: false },
    esbuild: { options: { target: 'node24' } },
    externals: {
      // Node would read each of their files by itself before it serves: 200 of 336, see docs/performance.md.
      inline: ['zod', 'jose', 'uuid', '@prisma/adapter-libsql', '@libsql/client'],
      // Read from their packages at run time, by server/storage/schema-engine.ts and by a process of
      // server/vault/keys/os-keyring.ts: no import shows them to the bundler.
      traceInclude: [
        'node_modules/@prisma/schema-engine-wasm/schema_engine_bg.wasm',
        'node_modules/@napi-rs/keyring/index.js',
      ],
    },
    // Files alone: what speaks to servers brings a WebSocket client with it.
    alias: { '@libsql/client': fileURLToPath(import.meta.resolve('@libsql/client/sqlite3')) },
  },

  // Nitro's own entry listens before the database is migrated and logs plain text; in development it may.
  $production: { nitro: { entry: fileURLToPath(new URL('./server/main.ts', import.meta.url)) } },

  // What many pages share comes as few files: a page asked for a hundred small ones, each by a request of its own.
  vite: {
    $client: {
      build: {
        rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'shared', minShareCount: 6 }] } } },
      },
    },
  },

  eslint: { config: { stylistic: false } },

  typescript: {
    strict: true,
    tsConfig: {
      compilerOptions: { noUncheckedIndexedAccess: true },
      // A component whose name is wrong is drawn as nothing at all.
      vueCompilerOptions: { checkUnknownComponents: true },
    },
    nodeTsConfig: {
      compilerOptions: {
        allowImportingTsExtensions: true,
        noEmit: true,
        noUncheckedIndexedAccess: true,
        paths: { '#server/*': ['../server/*'], '#shared/*': ['../shared/*'], '~~/*': ['../*'] },
      },
      include: [
        '../tests/**/*',
        '../scripts/**/*',
        '../bench/**/*',
        '../modules/**/*',
        '../cli/**/*',
        '../*.config.ts',
      ],
    },
  },
})
