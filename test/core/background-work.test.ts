import { describe, expect, test } from "vitest";
import { BackgroundWork } from "../../core/concurrency/background-work.ts";

/** A clock that only waiting moves. */
function machine() {
  let now = 1_000_000;
  const waits: number[] = [];
  const background = new BackgroundWork(
    () => now,
    async (ms) => {
      waits.push(ms);
      now += ms;
    },
  );
  const pass = (ms: number): void => {
    now += ms;
  };
  return { background, waits, pass };
}

describe("background work", () => {
  test("lets others run and goes on at once where no one asks for anything", async () => {
    const { background, waits } = machine();
    for (let i = 0; i < 3; i++) await background.makeWay();
    expect(waits).toEqual([0, 0, 0]);
  });

  test("pauses while requests come, and for a second after the last", async () => {
    const { background, waits, pass } = machine();
    background.noteRequest();
    await background.makeWay();
    expect(waits).toEqual([0, 60]);
    pass(2_000);
    await background.makeWay();
    expect(waits).toEqual([0, 60, 0]);
  });

  test("goes on however many requests come: it never waits twice for them", async () => {
    const { background, waits } = machine();
    for (let i = 0; i < 1_000; i++) background.noteRequest();
    await background.makeWay();
    expect(waits).toEqual([0, 60]);
  });

  test("is not held up by a clock that is set back", async () => {
    const { background, waits, pass } = machine();
    background.noteRequest();
    pass(-86_400_000);
    await background.makeWay();
    expect(waits).toEqual([0]);
  });
});
