// Clients of a board that read and write all the time.

/** What is written of a member, by its collection. */
const FIELDS = { users: 'bio', threads: 'title', posts: 'text' };

/** Reads a collection, and writes its members 1 and 2, through the proxy until `stop()`. */
export class Load {
  #on = true;
  #answered = 0;
  #failed = [];
  #clients;

  constructor(proxy, collection = 'users') {
    this.url = `${proxy}/api/${collection}/`;
    this.field = FIELDS[collection];
    this.#clients = [1, 2, 1, 2].map((number) => this.#run(number));
  }

  async #run(number) {
    for (let turn = 0; this.#on; turn += 1) {
      const write = turn % 4 === 0;
      const url = write ? `${this.url}${number}` : this.url;
      const options = write
        ? { method: 'PATCH', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ [this.field]: `turn ${turn}` }) }
        : {};
      try {
        const answer = await fetch(url, options);
        await answer.arrayBuffer();
        if (answer.ok) this.#answered += 1;
        else this.#failed.push(`${options.method ?? 'GET'} ${url}: ${answer.status}`);
      } catch (error) {
        this.#failed.push(`${url}: ${error.cause ?? error}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 15));
    }
  }

  /** Ends the clients: how many requests were answered, and those that failed. */
  async stop() {
    this.#on = false;
    await Promise.all(this.#clients);
    return { answered: this.#answered, failed: this.#failed };
  }
}
