/** A process at one end of a gRPC connection, for measuring one end alone. */
import { fork } from 'node:child_process';
import { once } from 'node:events';

/** Starts one; see `grpc-child.mjs` for what it can be asked. */
export async function startEnd(role, kind, port) {
  const args = port === undefined ? [role, kind] : [role, kind, String(port)];
  const child = fork(new URL('./grpc-child.mjs', import.meta.url), args, {
    execArgv: ['--expose-gc', ...process.execArgv],
  });
  const [{ port: bound }] = await once(child, 'message');
  const ask = async (message) => {
    child.send(message);
    const [answer] = await once(child, 'message');
    return answer;
  };
  return {
    pid: child.pid,
    port: bound,
    usage: () => ask({ ask: 'usage' }),
    /** Runs a load and says what came of it and what the process used for it: `{ done, cpuMicros, seconds }`. */
    async load(load) {
      const before = await ask({ ask: 'usage' });
      const startMs = performance.now();
      const { done } = await ask({ load });
      const elapsed = (performance.now() - startMs) / 1000;
      const after = await ask({ ask: 'usage' });
      return { done, seconds: elapsed, cpuMicros: after.cpuMicros - before.cpuMicros };
    },
    async stop() {
      const gone = once(child, 'exit');
      child.disconnect();
      await gone;
    },
  };
}
