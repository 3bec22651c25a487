/** Settings of V8's heap for a process that is a node and nothing else. */
import { setFlagsFromString } from 'node:v8';

/**
 * The old generation may grow by so many percent of what lived at the last full collection before the next one. V8 chooses by the size of the heap and
 * counts what lies beside it: a node has some 15 MB of objects and moves hundreds of megabytes per second through buffers, which made V8 mark the whole
 * heap four times a second. Figures in docs/performance.md.
 */
const HEAP_GROWING_PERCENT = 400;

/**
 * Makes full collections rarer in this process: a sixth of the CPU per put, for a heap that may be up to five times as large as what lives in it (keys
 * and values are not in it). For the whole process, so an application that embeds a node decides for itself; `kvorum serve`, `dev` and `demo` do it.
 */
export function dedicateHeap(): void {
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWING_PERCENT}`);
}
