/** Bytes that are no message, or a value that no message can hold. Nothing was kept of them. */
export class ProtoError extends Error {
  override readonly name = 'ProtoError';
  readonly code = 'MALFORMED_MESSAGE';
  readonly retryable = false;
}
