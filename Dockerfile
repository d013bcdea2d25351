# Both stages must have the same Python: the second takes over the first one's environment as it is.
ARG BASE=docker.io/library/python:3.13-slim-bookworm

FROM ${BASE} AS build
WORKDIR /src
COPY constraints.txt ./
# The base's own pip may be too old to pin what a build uses.
RUN python -m pip install --quiet --no-cache-dir --upgrade --constraint constraints.txt pip \
 && python -m venv --without-pip /opt/mockspaces
COPY pyproject.toml README.md LICENSE ./
COPY scripts/metadata.py scripts/
COPY fixtures fixtures
COPY contract_tests contract_tests
COPY mockspaces mockspaces
RUN python -m pip wheel --quiet --no-cache-dir --no-deps --build-constraint constraints.txt --wheel-dir /dist . \
 && python -m pip --python /opt/mockspaces/bin/python install --quiet --no-cache-dir \
    --constraint constraints.txt "$(echo /dist/*.whl)[server,redis]"

FROM ${BASE}
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="mockspaces" \
      org.opencontainers.image.description="A test double of the Avaya Spaces cloud" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /opt/mockspaces /opt/mockspaces
# The demo world, until somebody mounts a seed in its place.
COPY fixtures/demo.json /seed.json
# Whoever has to trust the throw-away CA mounts a volume at the first, whoever keeps the worlds at the second; a new
# volume belongs to the user below then.
RUN install --directory --owner=10001 --group=10001 /ca /data
ENV PATH=/opt/mockspaces/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    MOCKSPACES_HOST=0.0.0.0 \
    MOCKSPACES_PORT=8080 \
    MOCKSPACES_SEED=/seed.json \
    MOCKSPACES_LOG_LEVEL=info
# By number, so that a cluster can see that it is not root.
USER 10001:10001
EXPOSE 8080 8443
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=3s --start-period=5s --retries=3 CMD ["mockspaces", "health"]
ENTRYPOINT ["mockspaces"]
CMD ["serve"]
