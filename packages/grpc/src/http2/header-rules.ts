/** What makes a list of headers malformed (RFC 9113 section 8). Checks only; the answer to a malformed one is a stream error. */
import type { HeaderList } from '../base/header-list.js';

const COLON = 0x3a;
const SPACE = 0x20;
const TAB = 0x09;

/** What the rules need to know of a message's headers afterwards. */
export interface HeaderFacts {
  /** `content-length`, or -1 without one. */
  contentLength: number;
  /** `:status` of a response, else 0. */
  status: number;
  /** The request's method is HEAD: the response to it has no body. */
  isHead: boolean;
}

/** Octets that a name may hold: token characters without capitals (section 8.2.1). */
const NAME_OCTETS = new Uint8Array(256);
for (const char of "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz") NAME_OCTETS[char.charCodeAt(0)] = 1;

/** Fields of one connection only (section 8.2.2); `te` is one, too, except with `trailers`. */
const CONNECTION_FIELDS = new Set(['connection', 'proxy-connection', 'keep-alive', 'transfer-encoding', 'upgrade']);

/** Names that were found correct before: most are few and come again and again. */
const KNOWN_NAMES_MAX = 512;
const NAME_CHARS_KNOWN = 64;

/** Checks header lists; one per connection or shared. Keeps which names are correct, bounded. */
export class HeaderRules {
  readonly #known = new Set<string>();
  /** The last request and its facts: the decoder gives the same list for a block that comes again. */
  #good: HeaderList | undefined;
  #goodLength = -1;
  #goodIsHead = false;

  /** Why a request is malformed, or undefined. Fills `facts`. */
  request(headers: HeaderList, facts: HeaderFacts): string | undefined {
    if (headers === this.#good) {
      facts.contentLength = this.#goodLength;
      facts.isHead = this.#goodIsHead;
      return undefined;
    }
    facts.contentLength = -1;
    const problem = this.#requestProblem(headers, facts);
    if (problem !== undefined) return problem;
    this.#good = headers;
    this.#goodLength = facts.contentLength;
    this.#goodIsHead = facts.isHead;
    return undefined;
  }

  #requestProblem(headers: HeaderList, facts: HeaderFacts): string | undefined {
    let method: string | undefined;
    let scheme: string | undefined;
    let path: string | undefined;
    let authority: string | undefined;
    let at = 0;
    for (; at < headers.length && headers[at]?.charCodeAt(0) === COLON; at += 2) {
      const name = headers[at];
      const value = headers[at + 1] ?? '';
      if (name === ':method' && method === undefined) method = value;
      else if (name === ':scheme' && scheme === undefined) scheme = value;
      else if (name === ':path' && path === undefined) path = value;
      else if (name === ':authority' && authority === undefined) authority = value;
      else return 'an unknown or repeated pseudo-header field';
      if (!isFieldValue(value)) return 'a pseudo-header field with a forbidden octet';
    }
    if (method === undefined || method === '') return 'no :method';
    facts.isHead = method === 'HEAD';
    if (method === 'CONNECT') {
      if (scheme !== undefined || path !== undefined || !authority)
        return 'CONNECT with :scheme or :path, or without :authority';
    } else if (!scheme || !path) return 'no :scheme or :path';
    return this.#fields(headers, at, facts);
  }

  /** Why a response is malformed, or undefined. Fills `facts`. */
  response(headers: HeaderList, facts: HeaderFacts): string | undefined {
    facts.contentLength = -1;
    const status = headers[1] ?? '';
    if (headers[0] !== ':status' || status.length !== 3) return 'no :status of three digits';
    facts.status = Number(status);
    if (!(facts.status >= 100 && facts.status <= 999)) return 'no :status of three digits';
    return this.#fields(headers, 2, facts);
  }

  /** Why trailers are malformed, or undefined. */
  trailers(headers: HeaderList): string | undefined {
    return this.#fields(headers, 0, undefined);
  }

  #fields(headers: HeaderList, start: number, facts: HeaderFacts | undefined): string | undefined {
    for (let at = start; at < headers.length; at += 2) {
      const name = headers[at] ?? '';
      const value = headers[at + 1] ?? '';
      if (!this.#known.has(name)) {
        const problem = this.#nameProblem(name);
        if (problem !== undefined) return problem;
      }
      if (!isFieldValue(value)) return 'a field value with a forbidden octet';
      if (name === 'te' && value !== 'trailers') return 'te with something else than trailers';
      if (name === 'content-length' && facts !== undefined) {
        const length = /^\d{1,15}$/.test(value) ? Number(value) : -1;
        if (length === -1 || (facts.contentLength !== -1 && facts.contentLength !== length))
          return 'a wrong content-length';
        facts.contentLength = length;
      }
    }
    return undefined;
  }

  #nameProblem(name: string): string | undefined {
    if (name === '') return 'an empty field name';
    if (name.charCodeAt(0) === COLON) return 'a pseudo-header field after others, or in trailers';
    for (let at = 0; at < name.length; at += 1) {
      if (NAME_OCTETS[name.charCodeAt(at)] !== 1) return 'a field name with a forbidden octet';
    }
    if (CONNECTION_FIELDS.has(name)) return `${name} is not for HTTP/2`;
    if (name.length <= NAME_CHARS_KNOWN && this.#known.size < KNOWN_NAMES_MAX) this.#known.add(name);
    return undefined;
  }
}

/** Section 8.2.1: no NUL, CR or LF anywhere, no space or tab at the ends. */
function isFieldValue(value: string): boolean {
  const length = value.length;
  if (length === 0) return true;
  const first = value.charCodeAt(0);
  const last = value.charCodeAt(length - 1);
  if (first === SPACE || first === TAB || last === SPACE || last === TAB) return false;
  for (let at = 0; at < length; at += 1) {
    const code = value.charCodeAt(at);
    if (code <= 0x0d && (code === 0 || code === 0x0a || code === 0x0d)) return false;
  }
  return true;
}
