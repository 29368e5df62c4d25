// The health check of the container. An API is healthy if it responds on its port. A worker, which has no API, is healthy
// if it is ready on its health port, that is, once it polls. Without an argument, tries the API, then the worker.
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
    if (error.cause?.code !== 'ECONNREFUSED') break; // an API that hangs must not be checked as a worker
  }
}
