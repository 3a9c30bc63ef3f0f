const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** What a shell calls the end by a signal: 128 and its number. */
const FORCED = 130;

/**
 * A signal for what can be ended in an orderly way: the first Ctrl-C, or the end of a container, aborts it; a
 * second one ends the process at once, which is safe too.
 */
export function abortOnSignals(say: (text: string) => void): AbortSignal {
  const controller = new AbortController();
  for (const name of SIGNALS) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(FORCED);
      say(`${name}: stopping. Once more ends the process at once.`);
      controller.abort();
    });
  }
  return controller.signal;
}
