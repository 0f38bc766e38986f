/** Exit statuses by the signal that ends a command. */
const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const;

/**
 * Lets what is on its way end where the user ends the command; a second time it ends at once.
 * @param leave called before it ends at once: it leaves the terminal as it was
 */
export function onSignals(leave: () => void): {
  controller: AbortController;
  status: () => number;
  remove: () => void;
} {
  const controller = new AbortController();
  let status: number = SIGNALS.SIGINT;
  const handlers = (Object.keys(SIGNALS) as (keyof typeof SIGNALS)[]).map((name) => {
    const handler = (): void => {
      status = SIGNALS[name];
      if (controller.signal.aborted) {
        leave();
        process.exit(status);
      }
      controller.abort();
    };
    process.on(name, handler);
    return () => process.off(name, handler);
  });
  return {
    controller,
    status: () => status,
    remove: () => {
      for (const remove of handlers) remove();
    },
  };
}
