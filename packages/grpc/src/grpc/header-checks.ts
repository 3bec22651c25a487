/** What makes a request a gRPC request (gRPC over HTTP/2, "Requests"). */

const grpcType = 'application/grpc';

/** `application/grpc`, alone or with a format (`+proto`) or parameters behind it. `application/grpc-web` is something else. */
export function isGrpcContentType(text: string): boolean {
  if (text === grpcType || text === 'application/grpc+proto') return true;
  const lower = text.toLowerCase();
  if (!lower.startsWith(grpcType)) return false;
  const next = lower.charAt(grpcType.length);
  return next === '' || next === '+' || next === ';';
}

/** Whether `te` says that trailers arrive; proxies which drop them are found by this header. */
export function isTeTrailers(text: string): boolean {
  return text === 'trailers' || text.split(',').some((part) => part.trim().toLowerCase() === 'trailers');
}
