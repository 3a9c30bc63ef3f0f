const url = `http://127.0.0.1:${process.env.PORT ?? 3000}/health`;
const isWell = await fetch(url, { signal: AbortSignal.timeout(2000) }).then(
  ({ ok }) => ok,
  () => false,
);
process.exitCode = isWell ? 0 : 1;
