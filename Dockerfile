# Tenantry as one image for every mode: which one is decided by the environment of the container that runs it.
# docs/self-hosting.md says how to run it, docs/configuration.md what can be set.

FROM node:24-bookworm-slim AS build
WORKDIR /src
ENV NUXT_TELEMETRY_DISABLED=1
# .npmrc decides whose install scripts may run: without it npm would run them all.
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
RUN npm run build

FROM node:24-bookworm-slim
LABEL org.opencontainers.image.title="Tenantry" \
      org.opencontainers.image.description="One portal and control plane for a hosted workspace" \
      org.opencontainers.image.version="0.1.0"
# Memory, as measured under load with pages and logins: 280 MB in place of 600 and more. The heap's limits bound what V8 lets
# grow before it collects; malloc's make glibc give back what a password's hash took (19 MiB), on every thread.
ENV NODE_ENV=production \
    NODE_OPTIONS="--max-old-space-size=192 --max-semi-space-size=8" \
    MALLOC_ARENA_MAX=2 \
    MALLOC_MMAP_THRESHOLD_=1048576 \
    HOST=0.0.0.0 \
    PORT=3000 \
    DATA_DIR=/data
# A volume takes over the owner of the folder that it is mounted on.
RUN install --directory --owner=1000 --group=1000 --mode=0700 /data
WORKDIR /app
# Owned by root: the server can't change its own code.
COPY scripts/healthcheck.mjs ./
COPY --from=build /src/.output .output
RUN ln -s /app/.output/server/cli/tenantry.mjs /usr/local/bin/tenantry
# `node`, by number, so that a cluster can see that it is not root.
USER 1000:1000
VOLUME ["/data"]
EXPOSE 3000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 CMD ["node", "/app/healthcheck.mjs"]
CMD ["node", ".output/server/index.mjs"]
