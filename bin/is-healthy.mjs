// The container's health check: the API answers on its port; a worker, which has no API, is ready on its health port,
// which it is once it polls. Without an argument it finds out which of the two runs here.
const { POSTHORN_PORT = '4000', POSTHORN_HEALTH_PORT } = process.env;
const checks = [`http://127.0.0.1:${POSTHORN_PORT}/healthz`];
if (POSTHORN_HEALTH_PORT) checks.push(`http://127.0.0.1:${POSTHORN_HEALTH_PORT}/readyz`);
if (process.argv[2] === 'worker') checks.shift();

process.exitCode = 1;
for (const url of checks) {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_500) });
    if (response.ok) process.exitCode = 0;
    else console.error(`${url}: ${response.status} ${await response.text()}`);
    break;
  } catch (error) {
    console.error(`${url}: ${error.cause?.message ?? error.message}`);
    if (error.cause?.code !== 'ECONNREFUSED') break; // an API that hangs is not a worker
  }
}
