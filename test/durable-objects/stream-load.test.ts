import { describe, expect, test } from "vitest";
import { CallerAccount } from "../../durable-objects/streaming/connections/caller-accounts.ts";
import { type LedgerSocket, SendLedger } from "../../durable-objects/streaming/connections/send-ledger.ts";
import { StreamLoad } from "../../durable-objects/streaming/connections/stream-load.ts";

const NOW = 1_795_000_000;

interface TestSocket extends LedgerSocket {
  name: string;
  account: CallerAccount;
  unacknowledgedBytes: number;
  closedAt: number | null;
}

const accountOf = (address: string): CallerAccount =>
  new CallerAccount({ address, caller: "anonymous", anonymous: true });

describe("the ledger of what is not acknowledged", () => {
  const newLedger = () => new SendLedger<TestSocket>({ socket: 10, object: 100 });

  /** A socket of an account with that many characters. */
  function add(ledger: SendLedger<TestSocket>, name: string, account: CallerAccount, bytes: number): TestSocket {
    const socket = { name, account, unacknowledgedBytes: bytes, closedAt: null };
    account.unacknowledgedBytes += bytes;
    ledger.update(socket);
    return socket;
  }
  const namesOf = (sockets: readonly TestSocket[]): string[] => sockets.map(({ name }) => name);

  test("counts sockets that lag, whole, and no others", () => {
    const ledger = newLedger();
    const account = accountOf("a");
    add(ledger, "reads", account, 10);
    const lagging = add(ledger, "lags", account, 11);
    expect(ledger.total).toBe(11);
    lagging.unacknowledgedBytes = 4;
    ledger.update(lagging);
    expect(ledger.total).toBe(0);
  });

  test("names none to close while there is room", () => {
    const ledger = newLedger();
    for (const name of ["a", "b", "c", "d"]) add(ledger, name, accountOf(name), 25);
    expect(ledger.isFull).toBe(false);
    expect(ledger.excess(NOW)).toEqual([]);
  });

  test("names the sockets of callers with more than a quarter first, then the largest, and no more than needed", () => {
    const ledger = newLedger();
    const many = accountOf("many");
    for (let i = 0; i < 3; i++) add(ledger, `many${i}`, many, 12 + i);
    add(ledger, "large", accountOf("b"), 25);
    add(ledger, "larger", accountOf("c"), 24);
    add(ledger, "small", accountOf("d"), 22);
    expect(ledger.total).toBe(110);
    expect(namesOf(ledger.excess(NOW))).toEqual(["many2"]);
  });

  test("waits for sockets that were just closed, and counts those whose clients never confirm it", () => {
    const ledger = newLedger();
    const closed = add(ledger, "closed", accountOf("a"), 80);
    const open = add(ledger, "open", accountOf("b"), 60);
    expect(namesOf(ledger.excess(NOW))).toEqual(["closed"]);
    closed.closedAt = NOW;
    expect(ledger.isFull).toBe(true);
    expect(ledger.excess(NOW + 5)).toEqual([]);
    expect(namesOf(ledger.excess(NOW + 11))).toEqual(["open"]);
    open.closedAt = NOW + 11;
    // Those that are stuck leave half of the room to others.
    add(ledger, "third", accountOf("c"), 45);
    expect(ledger.excess(NOW + 30)).toEqual([]);
    ledger.remove(closed);
    ledger.remove(open);
    expect(ledger.total).toBe(45);
    expect(ledger.isFull).toBe(false);
  });
});

describe("an object's load", () => {
  const levelOf = (queued: number, pending = 0) => {
    const load = new StreamLoad(100);
    load.queuedFrames = queued;
    load.pendingMessages = pending;
    return load.level;
  };

  test.each([
    [99, 0, "normal"],
    [100, 0, "no_history"],
    [200, 0, "no_joins"],
    [400, 0, "slow_conflation"],
    [800, 0, "closing"],
    [0, 2_000, "no_history"],
    [0, 20_000, "no_joins"],
  ])("with %d waiting frames and %d waiting messages is %s", (queued, pending, level) => {
    expect(levelOf(queued, pending)).toBe(level);
  });

  test("slows conflated subscriptions and closes sockets at its last levels alone", () => {
    const load = new StreamLoad(100);
    load.queuedFrames = 399;
    expect([load.conflationFactor, load.excessFrames]).toEqual([1, 0]);
    load.queuedFrames = 799;
    expect([load.conflationFactor, load.excessFrames]).toEqual([4, 0]);
    load.queuedFrames = 900;
    expect(load.excessFrames).toBe(500);
  });
});
