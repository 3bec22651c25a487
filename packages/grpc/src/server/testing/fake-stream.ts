/** A stream that writes down what is done with it. */
import type { HeaderList } from '../../base/header-list.js';
import type { Http2Stream } from '../../http2/http2-stream.js';

export class FakeStream implements Http2Stream {
  readonly id = 1;
  /** `headers a=b c=d end`, `data 2 end`, `reset 8`. */
  readonly log: string[] = [];
  consumedBytes = 0;
  isWritable = true;

  sendHeaders(headers: HeaderList, end: boolean): void {
    const fields: string[] = [];
    for (let at = 0; at < headers.length; at += 2) fields.push(`${headers[at]}=${headers[at + 1]}`);
    this.log.push(`headers ${fields.join(' ')}${end ? ' end' : ''}`);
  }

  sendData(bytes: Uint8Array, end: boolean): boolean {
    this.log.push(
      `data ${Buffer.from(bytes)
        .toString('latin1')
        .replace(/[^ -~]/g, '.')}${end ? ' end' : ''}`,
    );
    return this.isWritable;
  }

  consumed(byteCount: number): void {
    this.consumedBytes += byteCount;
  }

  reset(code: number): void {
    this.log.push(`reset ${code}`);
  }
}
