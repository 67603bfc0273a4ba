# Two images from one recipe. `docker compose build` makes them; by hand: docker build --target server -t porchlight .
#   server   porchlight and porchlight-agent (the default)
#   sim      porchlight-sim, which needs an HTTP client of its own
# Every package is installed by hash from a lock of this repository; nothing else is fetched.

FROM python:3.13-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
COPY requirements.lock requirements-sim.lock requirements-build.lock ./
RUN python -m venv /opt/server && /opt/server/bin/pip install --require-hashes -r requirements.lock
RUN python -m venv /opt/sim && /opt/sim/bin/pip install --require-hashes -r requirements-sim.lock
RUN pip install --require-hashes -r requirements-build.lock
COPY pyproject.toml README.md LICENSE ./
COPY server ./server
COPY web_verify ./web_verify
COPY device_agent ./device_agent
COPY firmware_sim ./firmware_sim
RUN pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
    && /opt/server/bin/pip install --no-deps --no-index /wheels/*.whl \
    && /opt/sim/bin/pip install --no-deps --no-index /wheels/*.whl

FROM python:3.13-slim AS runtime
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
RUN useradd --system --uid 8628 --user-group --home-dir /var/lib/porchlight --create-home porchlight \
    && chmod 700 /var/lib/porchlight
USER porchlight
WORKDIR /var/lib/porchlight
VOLUME /var/lib/porchlight

FROM runtime AS sim
COPY --from=build /opt/sim /opt/sim
ENV PATH=/opt/sim/bin:$PATH
ENTRYPOINT ["porchlight-sim"]
CMD ["--help"]

FROM runtime AS server
COPY --from=build /opt/server /opt/server
ENV PATH=/opt/server/bin:$PATH \
    PORCHLIGHT_DATA_DIR=/var/lib/porchlight \
    PORCHLIGHT_HOST=0.0.0.0 \
    PORCHLIGHT_PORT=8628 \
    PORCHLIGHT_MQTT_PORT=1883
EXPOSE 8628 1883
# The issuer may have a path (https://example.com/tv), and everything the server answers is under it.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.parse as p, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ['PORCHLIGHT_PORT'] + p.urlsplit(os.environ.get('PORCHLIGHT_ISSUER', '')).path.rstrip('/') + '/health', timeout=4)"]
ENTRYPOINT ["porchlight"]
CMD ["serve"]
