# syntax=docker/dockerfile:1
# The site: pages, queue and the CPU engine. Context: the repository's root.
#   docker build --file deploy/site.Dockerfile --tag gazesite .
# The base is pinned by its tag. To pin its digest too: --build-arg PYTHON_IMAGE=python:3.11.14-slim-bookworm@sha256:…
ARG PYTHON_IMAGE=python:3.11.14-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
WORKDIR /app
COPY pyproject.toml ./
COPY deploy/install-site.sh deploy/dependencies.py deploy/constraints-site.txt deploy/
RUN deploy/install-site.sh dependencies /app/.venv
COPY . .
RUN deploy/install-site.sh site /app/.venv

FROM ${PYTHON_IMAGE} AS base
RUN groupadd --system --gid 10001 gaze \
    && useradd --system --uid 10001 --gid gaze --home-dir /data --no-create-home --shell /usr/sbin/nologin gaze \
    && install --directory --owner gaze --group gaze --mode 0700 /data
WORKDIR /app
COPY --from=build /app /app
ENV PATH=/app/.venv/bin:$PATH \
    GAZE_DATA=/data \
    HOST=0.0.0.0 \
    PORT=3000 \
    LOG_FORMAT=json \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1
EXPOSE 3000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 CMD ["python", "deploy/probe.py", "livez"]
ENTRYPOINT ["/app/deploy/start.sh"]
CMD ["site"]

# Where volumes belong to root (Fly): start.sh makes the volume gaze's, and becomes gaze for good.
FROM base AS fly
# hadolint ignore=DL3002
USER 0

FROM base AS site
USER 10001:10001
