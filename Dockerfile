# The hub with its dashboard:  docker build -t generic-corp .
# It listens on all of the container's addresses and speaks plain HTTP. With SQLite it keeps everything in /data, where
# a volume belongs; with GENERIC_CORP__DATABASE__URL=postgres://… it writes nowhere, and its root may be read-only.

FROM node:20-bookworm-slim AS node

FROM rust:1.95-bookworm AS build
# The dashboard is bundled by Node while the hub is compiled.
COPY --from=node /usr/local/bin/node /usr/local/bin/node
COPY --from=node /usr/local/lib/node_modules/npm /usr/local/lib/node_modules/npm
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm
WORKDIR /build
COPY . .
# Without its dashboard the hub compiles all the same; an image without it is no good.
RUN cargo build --release --locked --bin generic-corp \
    && ls target/release/build/generic-corp-*/out/ui/assets >/dev/null

FROM debian:bookworm-slim
RUN groupadd --gid 10001 generic-corp \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin generic-corp \
    && install --directory --owner=10001 --group=10001 --mode=0700 /data
# Whom to trust where TLS is spoken; without any, no HTTP client can be made, that of the health check neither.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /build/target/release/generic-corp /usr/local/bin/generic-corp
ENV GENERIC_CORP__SERVER__HOST=0.0.0.0 \
    GENERIC_CORP__DATABASE__URL=sqlite:/data/hub.db
USER 10001:10001
WORKDIR /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["generic-corp", "health", "--quiet"]
ENTRYPOINT ["generic-corp"]
CMD ["serve"]
