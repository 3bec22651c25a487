/** A client of server-sent events that does what the standard says of an EventSource: fields, blocks, ids, when it comes again and when it never does. */
import type { Buffer } from 'node:buffer';
import { get, type ClientRequest, type IncomingMessage } from 'node:http';

/** A message as a listener gets it. */
export interface Message {
  readonly type: string;
  /** Of this or, when it brought none, of the last one that did. */
  readonly lastEventId: string;
  readonly data: string;
}

/** Takes a stream apart as the standard's section on interpreting an event stream says. */
export class EventStreamParser {
  lastEventId = '';
  retryMs: number | undefined;
  #rest = '';
  #type = '';
  #data: string[] = [];
  /** An id counts when its block ends. */
  #id = '';

  /** Messages that end with this piece of text. */
  push(text: string): Message[] {
    const messages: Message[] = [];
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line !== '') this.#field(line);
      else this.#dispatch(messages);
    }
    return messages;
  }

  #field(line: string): void {
    const colon = line.indexOf(':');
    if (colon === 0) return;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'event') this.#type = value;
    else if (name === 'data') this.#data.push(value);
    else if (name === 'id') this.#id = value;
    else if (name === 'retry') this.retryMs = Number(value);
  }

  #dispatch(messages: Message[]): void {
    this.lastEventId = this.#id;
    const data = this.#data.join('\n');
    const type = this.#type === '' ? 'message' : this.#type;
    if (this.#data.length > 0) messages.push({ type, lastEventId: this.lastEventId, data });
    this.#type = '';
    this.#data = [];
  }
}

/** One EventSource. It comes again by `reconnect` only, so that tests need not wait. */
export class TestEventSource {
  readonly messages: Message[] = [];
  /** `connecting` after a stream has ended, `closed` for good after any other answer. */
  state: 'connecting' | 'open' | 'closed' = 'connecting';
  status: number | undefined;
  readonly #port: number;
  readonly #path: string;
  #lastEventId = '';
  #request: ClientRequest | undefined;
  #response: IncomingMessage | undefined;
  #onChange: () => void = () => undefined;

  constructor(port: number, path: string) {
    this.#port = port;
    this.#path = path;
    this.reconnect();
  }

  get types(): readonly string[] {
    return this.messages.map(({ type }) => type);
  }

  /** `put a=1@5` or `delete a@6` of each such message. */
  get events(): readonly string[] {
    return this.messages.flatMap(({ type, data }) => {
      if (type !== 'put' && type !== 'delete') return [];
      const { key, value, modRevision }: Record<string, unknown> = JSON.parse(data);
      return type === 'put'
        ? [`put ${String(key)}=${String(value)}@${String(modRevision)}`]
        : [`delete ${String(key)}@${String(modRevision)}`];
    });
  }

  /** Opens the next connection, as an EventSource does by itself after `retry`. */
  reconnect(): void {
    const headers: Record<string, string> = { Accept: 'text/event-stream' };
    if (this.#lastEventId !== '') headers['Last-Event-ID'] = this.#lastEventId;
    this.state = 'connecting';
    const request = get({ port: this.#port, host: '127.0.0.1', path: this.#path, headers, agent: false });
    this.#request = request;
    request.on('response', (response) => this.#read(response));
    request.on('error', () => this.#change('connecting'));
  }

  /** Cuts the connection. */
  drop(): void {
    this.#request?.destroy();
  }

  /** Stops reading what comes. */
  pause(): void {
    this.#response?.pause();
  }

  resume(): void {
    this.#response?.resume();
  }

  async until(isEnough: () => boolean): Promise<void> {
    while (!isEnough()) {
      await new Promise<void>((resolve) => {
        this.#onChange = resolve;
      });
    }
  }

  #read(response: IncomingMessage): void {
    this.#response = response;
    this.status = response.statusCode;
    const isStream = response.statusCode === 200 && response.headers['content-type'] === 'text/event-stream';
    this.#change(isStream ? 'open' : 'closed');
    const parser = new EventStreamParser();
    parser.lastEventId = this.#lastEventId;
    response.setEncoding('utf8');
    response.on('error', () => undefined);
    response.on('data', (text: string | Buffer) => {
      if (!isStream) return;
      this.messages.push(...parser.push(String(text)));
      this.#lastEventId = parser.lastEventId;
      this.#onChange();
    });
    response.on('close', () => {
      if (isStream) this.#change('connecting');
    });
  }

  #change(state: TestEventSource['state']): void {
    this.state = state;
    this.#onChange();
  }
}
