/** W3C Trace Context: who asked, out of `traceparent` and `tracestate`. What is malformed is as good as absent, as the recommendation asks. */
import { createTraceState, type SpanContext, TraceFlags } from '@opentelemetry/api';

/** Version, trace id, parent id, flags; versions after 00 may go on behind a dash. */
const pattern = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** The caller's span; undefined when there is none, or none that can be read. */
export function readTraceParent(
  traceparent: string | undefined,
  tracestate: string | undefined,
): SpanContext | undefined {
  if (traceparent === undefined) return undefined;
  const [, version, traceId, spanId, flags, more] = pattern.exec(traceparent) ?? [];
  if (version === undefined || traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  if (version === 'ff' || (version === '00' && more !== undefined)) return undefined;
  if (isZero(traceId) || isZero(spanId)) return undefined;
  const traceFlags = Number.parseInt(flags, 16) & TraceFlags.SAMPLED;
  const context = { traceId, spanId, traceFlags, isRemote: true };
  return tracestate === undefined ? context : { ...context, traceState: createTraceState(tracestate) };
}

function isZero(id: string): boolean {
  return /^0*$/.test(id);
}
