import type { Result, Router } from "hono/router";
import { RegExpRouter } from "hono/router/reg-exp-router";
import { SmartRouter } from "hono/router/smart-router";
import { TrieRouter } from "hono/router/trie-router";

/** URLs whose routes an isolate remembers. */
const MAX_REMEMBERED = 2_000;
/** Longer URLs are not remembered. */
const MAX_PATH_CHARACTERS = 100;

/** Hono's own router, and what it found for the addresses that were asked last: matching costs as much as a quote from memory. */
export class CachingRouter<T> implements Router<T> {
  readonly name = "RememberingRouter";
  readonly #router: Router<T> = new SmartRouter<T>({ routers: [new RegExpRouter(), new TrieRouter()] });
  readonly #cache = new Map<string, Result<T>>();

  add(method: string, path: string, handler: T): void {
    this.#router.add(method, path, handler);
    this.#cache.clear();
  }

  match(method: string, path: string): Result<T> {
    const key = `${method} ${path}`;
    const cached = this.#cache.get(key);
    if (cached) return cached;
    const result = this.#router.match(method, path);
    if (path.length <= MAX_PATH_CHARACTERS) {
      if (this.#cache.size >= MAX_REMEMBERED) this.#cache.clear();
      this.#cache.set(key, result);
    }
    return result;
  }
}
