/** Servers without sockets, in a script's hands: each call to one of them goes well, or goes wrong in the way that the script says. */
import { grpcStatus, KvorumError } from '@kvorum/protocol';
import { kvMethods } from '@kvorum/protocol/kvorum/v1/kv.js';
import { ServerRole } from '@kvorum/protocol/kvorum/v1/servers.js';
import type { AttemptOptions, Channel, ChannelError, ClientDeps, Connections } from '../base/deps.js';
import { ModelStore } from './model-store.js';
import { VirtualClock } from './virtual-clock.js';

/**
 * `ok`; `notSent`: the connection says so; `lost`: the request vanished; `answerLost`: it was carried out, the connection broke; `late`: as `lost`, but the
 * request is carried out 50 ms later; `silent`: nothing happens until the attempt's time is over; an error: the server's answer.
 */
export type Fate = 'ok' | 'notSent' | 'lost' | 'answerLost' | 'late' | 'silent' | KvorumError;

export interface FakeCall {
  readonly address: string;
  /** The method's name: `Get`, `Batch`. */
  readonly method: string;
  readonly path: string;
  readonly request: Uint8Array;
  readonly timeoutMs: number | undefined;
}

class Failed extends Error implements ChannelError {
  readonly code: number;
  readonly delivery: ChannelError['delivery'];
  readonly details: Uint8Array | undefined;

  constructor(code: number, message: string, delivery: ChannelError['delivery'], details?: Uint8Array) {
    super(message);
    this.code = code;
    this.delivery = delivery;
    this.details = details;
  }
}

const latencyMs = 1;
const lateMs = 50;
const unavailable = 14;
const deadlineExceeded = 4;

export class FakeCluster implements Connections {
  readonly clock = new VirtualClock();
  readonly store = new ModelStore();
  readonly calls: FakeCall[] = [];
  readonly closed: string[] = [];
  addresses: readonly string[];
  leader: string | undefined;
  zones: Readonly<Record<string, string>> = {};
  term = 1;
  clusterId = 1n;
  rowsBeforeFate = 3;
  /** What becomes of each call. */
  fate: (call: FakeCall) => Fate = () => 'ok';

  constructor(addresses: readonly string[], leader = addresses[0]) {
    this.addresses = addresses;
    this.leader = leader;
  }

  /** For a client whose chance always says a half. */
  get deps(): ClientDeps {
    return { clock: this.clock, random: { next: () => 0.5 }, connections: this };
  }

  /** Calls of these methods, as `address method`. */
  seen(...methods: string[]): string[] {
    return this.calls.filter(({ method }) => methods.includes(method)).map((call) => `${call.address} ${call.method}`);
  }

  open(address: string): Channel {
    return {
      unary: (path, request, options) => this.#call(address, path, request, options),
      stream: (path, request, options) => this.#stream(address, path, request, options),
      close: () => {
        this.closed.push(address);
        return Promise.resolve();
      },
    };
  }

  /** A List of what is in the store; a fate other than `ok` comes after {@link rowsBeforeFate} rows. */
  async *#stream(
    address: string,
    path: string,
    request: Uint8Array,
    { signal }: AttemptOptions,
  ): AsyncGenerator<Uint8Array> {
    const call = {
      address,
      method: path.split('/').at(-1) ?? '',
      path,
      request: request.slice(),
      timeoutMs: undefined,
    };
    this.calls.push(call);
    const fate = this.fate(call);
    let left = fate === 'ok' ? Number.POSITIVE_INFINITY : this.rowsBeforeFate;
    for (const row of this.store.list(call.request)) {
      if (left === 0) break;
      left -= 1;
      await this.#pause(latencyMs);
      if (signal?.aborted === true) throw new Failed(1, 'cancelled', 'unknown');
      yield row;
    }
    if (fate === 'ok') return;
    if (fate === 'silent') {
      await new Promise<void>((resolve) => {
        signal?.addEventListener('abort', () => resolve());
      });
    }
    throw fate instanceof KvorumError ? answered(fate) : new Failed(unavailable, 'lost', 'unknown');
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.clock.schedule(delayMs, resolve);
    });
  }

  #call(address: string, path: string, request: Uint8Array, { timeoutMs }: AttemptOptions): Promise<Uint8Array> {
    const call = { address, method: path.split('/').at(-1) ?? '', path, request: request.slice(), timeoutMs };
    this.calls.push(call);
    const fate = this.fate(call);
    return new Promise((resolve, reject) => {
      const end = (error: Error): unknown => this.clock.schedule(latencyMs, () => reject(error));
      if (fate === 'silent') {
        this.clock.schedule(timeoutMs ?? 0, () => reject(new Failed(deadlineExceeded, 'too late', 'unknown')));
      } else if (fate === 'notSent') end(new Failed(unavailable, 'refused', 'not_sent'));
      else if (fate === 'lost') end(new Failed(unavailable, 'lost', 'unknown'));
      else if (fate === 'late') {
        this.clock.schedule(lateMs, () => this.#carryOut(call));
        end(new Failed(unavailable, 'lost', 'unknown'));
      } else {
        this.clock.schedule(latencyMs, () => {
          const answer = fate instanceof KvorumError ? fate : this.#carryOut(call);
          if (fate === 'answerLost') reject(new Failed(unavailable, 'lost', 'unknown'));
          else if (answer instanceof KvorumError) reject(answered(answer));
          else resolve(answer);
        });
      }
    });
  }

  #carryOut({ path, request }: FakeCall): Uint8Array | KvorumError {
    try {
      return path === kvMethods.getServers.path ? this.#servers() : this.store.handle(path, request);
    } catch (error) {
      if (error instanceof KvorumError) return error;
      throw error;
    }
  }

  #servers(): Uint8Array {
    const servers = this.addresses.map((rpcAddr, at) => {
      const isLeader = rpcAddr === this.leader;
      const role = isLeader ? ServerRole.LEADER : ServerRole.FOLLOWER;
      return { id: String(at + 1), rpcAddr, isLeader, role, isConnected: true, zone: this.zones[rpcAddr] ?? '' };
    });
    return kvMethods.getServers.response.encode({ servers, clusterId: this.clusterId, term: this.term });
  }
}

function answered(error: KvorumError): Failed {
  const { code, message, details } = grpcStatus(error);
  return new Failed(code, message, 'answered', details);
}
