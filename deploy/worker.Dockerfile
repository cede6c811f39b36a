# syntax=docker/dockerfile:1
# The GPU worker, without Django. Context: the repository's root.
#   docker build --file deploy/worker.Dockerfile --tag gaze-worker .
# It needs WORKER_TOKEN, or on Serverless RunPod's own variables. Weights lie on a volume at /models, not in the image.
# The base is pinned by its tag. To pin its digest too: --build-arg CUDA_IMAGE=nvidia/cuda:13.0.2-…@sha256:…
ARG CUDA_IMAGE=nvidia/cuda:13.0.2-cudnn-runtime-ubuntu24.04

FROM ${CUDA_IMAGE} AS python
# Ubuntu keeps only the newest build of a package, so that a pinned one would soon be gone.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3 python3-venv \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /app

FROM python AS build
COPY pyproject.toml ./
COPY deploy/install-worker.sh deploy/dependencies.py deploy/constraints-worker.txt deploy/
RUN deploy/install-worker.sh dependencies /app/.venv
COPY . .
RUN deploy/install-worker.sh worker /app/.venv

FROM python AS worker
# Triton, with which torch compiles the nets, builds its launchers with a C compiler while the worker runs.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends gcc libc6-dev python3-dev \
    && rm -rf /var/lib/apt/lists/*
RUN groupadd --system --gid 10001 gaze \
    && useradd --system --uid 10001 --gid gaze --home-dir /scratch --no-create-home --shell /usr/sbin/nologin gaze \
    && install --directory --owner gaze --group gaze --mode 0700 /scratch /models
COPY --from=build /app /app
ENV PATH=/app/.venv/bin:$PATH \
    HOME=/scratch \
    PORT=8000 \
    GAZE_WEIGHTS=/models \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1
EXPOSE 8000
STOPSIGNAL SIGTERM
# Green only once it is warm: the models of a cold one take minutes.
HEALTHCHECK --interval=15s --timeout=5s --start-period=900s --retries=3 CMD ["python", "deploy/probe.py", "health"]
USER 10001:10001
ENTRYPOINT ["python", "-m", "gpuworker"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000"]
