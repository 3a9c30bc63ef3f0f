/** What Node says of the project's files while it finds out which language they are in: no concern of a command. */
const LOADER_NOISE =
  /^(?:Module type of |Failed to load the ES module|Type Stripping is |CommonJS module .* is loading ES Module|Support for loading ES Module|To load an ES module)/;

/** Keeps Node's remarks on how it loaded a knexfile or a migration from stderr; every other warning is shown. */
export function hideLoaderWarnings(): void {
  const listeners = process.listeners('warning');
  process.removeAllListeners('warning');
  process.on('warning', (warning) => {
    if (!LOADER_NOISE.test(warning.message)) for (const listener of listeners) listener(warning);
  });
}
