/** Which fields an encoder puts into its table. */

/** How a field that is not in the table is sent (RFC 7541, 6.2). */
export type FieldPolicy = 'index' | 'plain' | 'never';

/** Secrets: no intermediary may put them into a table, where their value could be guessed (RFC 7541, 7.1.3). */
const sensitive = new Set(['authorization', 'proxy-authorization', 'cookie', 'set-cookie', 'token', 'x-api-key']);
/** Values that rarely come twice: they would only push others out. */
const volatile = new Set([
  'content-length',
  'date',
  'etag',
  'grpc-message',
  'grpc-timeout',
  'traceparent',
  'tracestate',
  'x-request-id',
]);

/** The policy for a name in lower case. */
export function policyOf(name: string): FieldPolicy {
  if (sensitive.has(name) || name.endsWith('-token')) return 'never';
  return volatile.has(name) || name.endsWith('-bin') ? 'plain' : 'index';
}
