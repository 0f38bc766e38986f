import { ApiError } from "../../../contracts/problem.ts";
import type { AppContext } from "../../http/service.ts";

const MAX_HEADERS = 100;
const MAX_HEADER_CHARACTERS = 8_192;
const MAX_URL_CHARACTERS = 16_384;

/** Bounds addresses and headers: nothing that we read is nearly so long. */
export function limitHeaders(c: AppContext): void {
  if (c.req.url.length > MAX_URL_CHARACTERS) {
    throw new ApiError("request.invalid", `The URL must not exceed ${MAX_URL_CHARACTERS} characters.`);
  }
  let count = 0;
  // Half the cost of an iterator, on every request.
  c.req.raw.headers.forEach((value, name) => {
    count++;
    if (value.length > MAX_HEADER_CHARACTERS) throw tooLong(name.slice(0, 100));
  });
  if (count > MAX_HEADERS) {
    throw new ApiError("request.invalid", `A request may carry ${MAX_HEADERS} headers.`);
  }
}

function tooLong(name: string): ApiError {
  const message = `must be at most ${MAX_HEADER_CHARACTERS} characters`;
  const errors = [{ in: "header" as const, path: name, message }];
  return new ApiError("request.invalid", `The header ${name} ${message}.`, { errors });
}
