/**
 * Lets those who ask the same at once share an answer. Whoever comes while a question is under way waits for the next one, which
 * is asked when it has been answered: no answer is older than the question.
 */
export class AskedTogether<T> {
  private readonly underWay = new Map<string, Promise<T>>();
  private readonly next = new Map<string, Promise<T>>();

  /** The answer to the question of a name; `question` puts it. */
  ask(name: string, question: () => Promise<T>): Promise<T> {
    const current = this.underWay.get(name);
    if (!current) return this.put(name, question);
    const waiting = this.next.get(name);
    if (waiting) return waiting;
    const put = (): Promise<T> => this.put(name, question);
    const following = current.then(put, put);
    this.next.set(name, following);
    return following;
  }

  private put(name: string, question: () => Promise<T>): Promise<T> {
    this.next.delete(name);
    const answer = question().finally(() => {
      if (this.underWay.get(name) === answer) this.underWay.delete(name);
    });
    this.underWay.set(name, answer);
    return answer;
  }
}
