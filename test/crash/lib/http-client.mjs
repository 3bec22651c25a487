/** HTTP over kept connections, for a caller that must know whether a request without an answer was sent at all. */
import { Agent, request as httpRequest } from 'node:http';

/** Longer than a node takes to give up by itself, so that its word on the outcome is heard. */
const TIMEOUT_MS = 6000;

export class HttpClient {
  #agent = new Agent({ keepAlive: true, maxFreeSockets: 256 });

  /**
   * Never rejects. `answer`: status, headers and the whole body. `notSent`: no connection came about, so nothing can have happened.
   * `noAnswer`: the connection ended or time ran out; anything may have happened.
   */
  send(port, { method, path, headers = {}, body }) {
    return new Promise((resolve) => {
      const length = body === undefined ? {} : { 'Content-Length': body.length };
      const options = { host: '127.0.0.1', port, method, path, headers: { ...headers, ...length }, agent: this.#agent };
      const request = httpRequest(options, (response) => {
        const chunks = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('error', () => finish({ kind: 'noAnswer' }));
        response.on('close', () => {
          if (!response.complete) return finish({ kind: 'noAnswer' });
          finish({
            kind: 'answer',
            status: response.statusCode,
            headers: response.headers,
            body: Buffer.concat(chunks),
          });
        });
      });
      const timer = setTimeout(() => request.destroy(new Error('no answer in time')), TIMEOUT_MS);
      const finish = (result) => {
        clearTimeout(timer);
        resolve(result);
      };
      // A connection that was refused is told before anything was written to it.
      request.on('error', (error) => finish({ kind: error.code === 'ECONNREFUSED' ? 'notSent' : 'noAnswer' }));
      request.end(body);
    });
  }

  close() {
    this.#agent.destroy();
  }
}
