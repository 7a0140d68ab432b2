# A small image that runs as nobody: docker build -t flowproof . && docker run --rm flowproof --version
FROM rust:1.95-slim-bookworm AS build
RUN apt-get update && apt-get install --yes --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY Cargo.toml Cargo.lock build.rs ./
COPY src ./src
COPY assets ./assets
COPY queries ./queries
COPY .cargo ./.cargo
# Benches and examples are declared in Cargo.toml, and not built.
COPY benches ./benches
COPY examples ./examples
RUN cargo build --release --locked --bin flowproof

# glibc and certificates, and a user that owns nothing.
FROM debian:bookworm-slim
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*
USER 65532:65532
COPY --from=build /src/target/release/flowproof /usr/local/bin/flowproof
WORKDIR /work
ENTRYPOINT ["/usr/local/bin/flowproof"]
