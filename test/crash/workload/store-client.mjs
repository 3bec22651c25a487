/** Writes and reads of kvorum's HTTP face, with answers in the words of the models. */

/** Statuses with which a write that met a crash may be refused; any other is a defect. */
const REFUSALS = new Set([412, 429, 503]);

export class StoreClient {
  #http;
  #ports;
  #ledger;

  /** `ports`: () => client ports of the listening nodes, by node id. */
  constructor({ http, ports, ledger }) {
    this.#http = http;
    this.#ports = ports;
    this.#ledger = ledger;
  }

  /**
   * Writes through a node and tells the model what came of it. `value` undefined deletes. Resolves with `acknowledged`, `refused` or `unknown`;
   * a node that does not listen counts as one that refused.
   */
  async write(node, model, operation, headers = {}) {
    const { value } = operation;
    const body = value === undefined ? undefined : Buffer.from(value);
    const result = await this.#send(node, {
      method: value === undefined ? 'DELETE' : 'PUT',
      path: keyPath(model.key),
      headers,
      body,
    });
    if (result.kind === 'noAnswer') return this.#unknown(model, operation);
    if (result.kind === 'notSent') return this.#refused(model, operation);
    if (result.status === 200) {
      model.acknowledge(operation, readHeaders(result.headers));
      return 'acknowledged';
    }
    const { mayHaveHappened } = this.#errorOf(result, `${model.key}`);
    return mayHaveHappened === false ? this.#refused(model, operation) : this.#unknown(model, operation);
  }

  /** A linearizable read, checked; undefined when there was no answer, else `{value, version, modRevision}` with an undefined value for an absent key. */
  async read(node, model) {
    const { floor } = model;
    const before = this.#ledger.newestRevision;
    const result = await this.#send(node, { method: 'GET', path: keyPath(model.key) });
    if (result.kind !== 'answer' || result.status === 503 || result.status === 429) return undefined;
    const shown = this.#shown(result);
    if (shown === undefined) return undefined;
    if (shown.revision !== undefined) this.#ledger.readAt({ key: model.key, revision: shown.revision, before });
    model.observe({ ...shown, floor });
    return shown;
  }

  /** The key as it was at a revision: `{value}`, undefined when there was no good answer. */
  async readAt(node, key, revision) {
    const result = await this.#send(node, { method: 'GET', path: `${keyPath(key)}?revision=${revision}&serializable` });
    return result.kind === 'answer' ? this.#shown(result) : undefined;
  }

  /** All keys of a node as one text of JSON lines; undefined when there was no good answer. */
  async list(node, query) {
    const result = await this.#send(node, { method: 'GET', path: `/kv/?${query}` });
    return result.kind === 'answer' && result.status === 200 ? result.body.toString() : undefined;
  }

  #send(node, request) {
    const port = this.#ports().get(node);
    return port === undefined ? Promise.resolve({ kind: 'notSent' }) : this.#http.send(port, request);
  }

  #shown(result) {
    if (result.status === 200) return { value: result.body.toString(), ...readHeaders(result.headers) };
    const { code } = this.#errorOf(result, 'a read');
    return code === 'KEY_NOT_FOUND' ? { value: undefined, ...readHeaders(result.headers) } : undefined;
  }

  #errorOf(result, what) {
    try {
      const { error } = JSON.parse(result.body.toString());
      const isRefusal = REFUSALS.has(result.status) || error.code === 'KEY_NOT_FOUND';
      if (!isRefusal) this.#ledger.report('answer', `${what}: ${result.status} ${error.code} ${error.message}`);
      return error;
    } catch {
      this.#ledger.report('answer', `${what}: status ${result.status} without an error's body`);
      return {};
    }
  }

  #refused(model, operation) {
    model.fail(operation);
    return 'refused';
  }

  #unknown(model, operation) {
    model.leaveUnknown(operation);
    return 'unknown';
  }
}

function keyPath(key) {
  return `/kv/${key}`;
}

function readHeaders(headers) {
  const number = (name) => (headers[name] === undefined ? undefined : Number(headers[name]));
  return {
    revision: number('x-kvorum-revision'),
    modRevision: number('x-kvorum-mod-revision'),
    version: number('x-kvorum-version'),
    deleted: number('x-kvorum-deleted'),
  };
}
