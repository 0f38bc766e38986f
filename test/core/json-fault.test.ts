import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { describeJsonFault, jsonFaultOf } from "../../core/json-fault.ts";

describe("a text that is no JSON", () => {
  test.each([
    ['{"a": 1,}', 8, "a name in double quotes"],
    ["{a: 1}", 1, "a name in double quotes"],
    ['{"a" 1}', 5, '":"'],
    ['{"a": tru}', 6, "a value"],
    ['{"a": 1 "b": 2}', 8, '"," or "}"'],
    ["[1, 2", 5, '"," or "]"'],
    ["[1, ]", 4, "a value"],
    ['{"a": "x', 6, "a string that ends, with control characters and quotes escaped"],
    ["1 2", 2, "nothing more"],
    ["01", 1, "nothing more"],
    ["'x'", 0, "a value"],
  ])("%s stops being it at %i, where %s should stand", (text, offset, expected) => {
    expect(jsonFaultOf(text)).toMatchObject({ offset, expected });
  });

  test("is reported by line and column", () => {
    expect(describeJsonFault('{\n  "a": 1,\n  b: 2\n}')).toBe(
      "at line 3, column 3 a name in double quotes should stand",
    );
    expect(describeJsonFault('{"a": 1')).toBe('it ends at line 1, column 8, where "," or "}" is missing');
    expect(describeJsonFault(" ")).toBe("it is empty");
  });

  test("is every text that JSON.parse refuses, and no other", () => {
    const isJson = (text: string): boolean => {
      try {
        JSON.parse(text);
        return true;
      } catch {
        return false;
      }
    };
    const cut = fc.tuple(fc.json(), fc.nat(), fc.string({ maxLength: 2 })).map(([text, at, put]) => {
      const offset = at % (text.length + 1);
      return text.slice(0, offset) + put + text.slice(offset + 1);
    });
    fc.assert(
      fc.property(fc.oneof(fc.json(), cut, fc.string()), (text) => {
        expect(jsonFaultOf(text) === null).toBe(isJson(text));
      }),
      { numRuns: 2_000 },
    );
  });

  test("may be nested as deep as it likes", () => {
    expect(jsonFaultOf("[".repeat(200_000))).toMatchObject({ offset: 200_000 });
  });
});
