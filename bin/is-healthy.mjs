// The container's health check: the API answers on its port, a worker (which has no API) on its metrics port.
const { POSTHORN_PORT = '4000', POSTHORN_METRICS_PORT } = process.env;
const url =
  process.argv[2] === 'worker'
    ? `http://127.0.0.1:${POSTHORN_METRICS_PORT}/metrics`
    : `http://127.0.0.1:${POSTHORN_PORT}/healthz`;

try {
  const response = await fetch(url, { signal: AbortSignal.timeout(2_500) });
  process.exitCode = response.ok ? 0 : 1;
} catch (error) {
  console.error(`${url}: ${error.cause?.message ?? error.message}`);
  process.exitCode = 1;
}
