// The load generator: opens sockets and measures what comes on them, as the process that started it orders.
import { Crowd } from "./crowd.ts";
import type { Measured, Order, Report } from "./orders.ts";

const crowds = new Map<string, Crowd>();

function getCrowd(name: string): Crowd {
  const crowd = crowds.get(name) ?? new Crowd();
  crowds.set(name, crowd);
  return crowd;
}

async function execute(order: Order): Promise<Measured | null> {
  const crowd = getCrowd(order.crowd);
  switch (order.order) {
    case "open":
      await crowd.open(order.url, order.headers, order.sockets);
      return null;
    case "say":
      await crowd.say(order.text, order.answer);
      return null;
    case "await":
      await crowd.settle(order.events);
      return null;
    case "measure":
      return crowd.measure(order.seconds, order.events);
    case "silence":
      crowd.stopReading(order.share);
      return null;
    case "repeat":
      crowd.repeat(order.text, order.seconds);
      return null;
    case "close":
      crowd.close();
      crowds.delete(order.crowd);
      return null;
  }
}

const reply = (report: Report): void => void process.send?.(report);

process.on("message", (order: Order) => {
  execute(order).then(
    (done) => reply({ done }),
    (error: unknown) => reply({ failed: error instanceof Error ? error.message : String(error) }),
  );
});
process.on("disconnect", () => process.exit(0));
