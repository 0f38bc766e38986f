/**
 * Lets those who ask the same at once share an answer. A caller that comes while a question is under way waits for the next one, which
 * is asked when it has been answered: no answer is older than the question.
 */
export class SingleFlight<T> {
  readonly #running = new Map<string, Promise<T>>();
  readonly #next = new Map<string, Promise<T>>();

  /** The answer to the question of a name; `question` asks it. */
  run(key: string, call: () => Promise<T>): Promise<T> {
    const current = this.#running.get(key);
    if (!current) return this.#start(key, call);
    const waiting = this.#next.get(key);
    if (waiting) return waiting;
    const put = (): Promise<T> => this.#start(key, call);
    const following = current.then(put, put);
    this.#next.set(key, following);
    return following;
  }

  #start(key: string, call: () => Promise<T>): Promise<T> {
    this.#next.delete(key);
    const answer = call().finally(() => {
      if (this.#running.get(key) === answer) this.#running.delete(key);
    });
    this.#running.set(key, answer);
    return answer;
  }
}
