/**
 * A node's life: its parts are started in order and closed in reverse, a failure lets go of everything. `node.ts` makes it.
 */
import type { KvorumNode, NodeListOptions } from './node.js';
import { KvorumError } from '@kvorum/protocol';
import { type ClientPort, createClientPort } from './api/client-port.js';
import type { Env } from './env/env.js';
import { type NodeMetrics } from './env/node-metrics.js';
import { createProcessProbe, type ProcessProbe } from './env/process-probe.js';
import { NodeFailedError } from './node-failed-error.js';
import type { NodeLife } from './node-life.js';
import { openNodeShards } from './node-shards.js';
import { corruptionWarning, defaultShard, memberStatus, shardStatus, statusWarnings } from './node-status.js';
import { type NodeStorage } from './node-storage.js';
import { transportMetrics, unflushedBytes } from './node-metrics.js';
import { startNodeTransport } from './node-transport.js';
import { MetricsRegistry } from './ops/metrics.js';
import { formatAddress } from './options/address.js';
import type { ResolvedNodeOptions } from './options/node-options.js';
import { optionWarnings } from './options/resolve-options.js';
import type {
  DeleteResult,
  GetResult,
  Listing,
  NodeInfo,
  NodeStatus,
  PutResult,
  ReadOptions,
  WriteOptions,
} from './service/kv-service.js';
import { RefusalLog } from './refusal-log.js';
import { ShardKvService } from './service/shard-kv-service.js';
import { ShardHost } from './shard/shard-host.js';
import type { StartDeps } from './start-deps.js';
import type { Refusal } from './transport/handshake-codec.js';
import type { PeerTransport } from './transport/peer-transport.js';
import { version } from './version.js';

/** What a node is made of before it starts. */
export interface NodeParts {
  readonly env: Env;
  readonly life: NodeLife;
  readonly storage: NodeStorage;
  readonly metrics: NodeMetrics;
  readonly deps: StartDeps;
}

export class RunningNode implements KvorumNode, NodeInfo {
  readonly kv: ShardKvService;
  clientAddress: string | undefined;
  peerAddress: string | undefined;
  private readonly env: Env;
  private readonly life: NodeLife;
  private readonly storage: NodeStorage;
  private readonly options: ResolvedNodeOptions;
  private readonly host: ShardHost;
  private readonly metrics: NodeMetrics;
  private readonly metricsRegistry: MetricsRegistry;
  private readonly probe: ProcessProbe;
  private readonly deps: StartDeps;
  private readonly refusals: RefusalLog;
  private readonly startedMs: number;
  private transport: PeerTransport | undefined;
  private port: ClientPort | undefined;
  private ending: Promise<void> | undefined;

  constructor(parts: NodeParts, options: ResolvedNodeOptions) {
    this.deps = parts.deps;
    this.env = parts.env;
    this.life = parts.life;
    this.storage = parts.storage;
    this.metrics = parts.metrics;
    this.options = options;
    const { clock, log } = parts.env;
    this.startedMs = clock.nowMs();
    this.refusals = new RefusalLog(clock, log);
    this.host = new ShardHost(
      {
        clock,
        log,
        shardLog: parts.storage.shardLog,
        metrics: this.metrics.shard,
        flushTransport: () => this.transport?.flush(),
        onFailed: (error) => this.life.fail(error),
        onRefusedBy: (peer, refusal) => this.refusedBy(peer, refusal),
      },
      { tickMs: options.heartbeatMs, electionTimeoutMs: options.electionTimeoutMs },
    );
    const shard = this.host.requests.access(defaultShard);
    this.kv = new ShardKvService({ shard, clock }, { requestTimeoutMs: options.requestTimeoutMs });
    this.probe = parts.deps.probe ?? createProcessProbe();
    this.metricsRegistry = new MetricsRegistry({
      counts: this.metrics,
      status: () => this.status(),
      probe: this.probe,
    });
  }

  get closed(): Promise<void> {
    return this.life.closed;
  }

  async start(): Promise<void> {
    const { env, storage, host, options, life } = this;
    const { clusterId } = storage;
    for (const warning of optionWarnings(options)) env.log.warn(warning);
    const fail = (error: unknown): void => life.fail(error);
    const { flushPolicy, firstMembers, comparison, misread, inspect } = this.deps;
    const transport = (): PeerTransport | undefined => this.transport;
    const testing = { flushPolicy, firstMembers, comparison, misread };
    const shards = { env, storage, host, transport, metrics: this.metrics, ...testing, fail };
    // A log that has failed answers no more, so an append of the opening would be waited for in vain.
    await Promise.race([openNodeShards(shards, options), life.failed]);
    if (life.failure !== undefined) throw life.failure;
    inspect?.(host);
    await this.startPort();
    const started = await startNodeTransport(
      {
        env,
        storage,
        handler: host.inbox,
        clusterId,
        clientAddress: this.advertised(),
        onFormed: () => this.form(),
        fail,
      },
      options,
    );
    this.transport = started?.transport;
    this.peerAddress = started?.peerAddress;
    if (life.failure === undefined) life.state = 'forming';
    if (started === undefined || storage.incarnations.isComplete()) this.form();
    life.whenFailed(() => {
      void this.endBy('failed');
    });
    env.log.info('node started', { nodeId: options.nodeId, client: this.clientAddress, peer: this.peerAddress });
  }

  get(key: string | Uint8Array, options?: ReadOptions): Promise<GetResult> {
    return this.kv.get(toBytes(key), options);
  }

  put(key: string | Uint8Array, value: string | Uint8Array, options?: WriteOptions): Promise<PutResult> {
    return this.kv.put(toBytes(key), toBytes(value), options);
  }

  delete(key: string | Uint8Array, options?: WriteOptions): Promise<DeleteResult> {
    return this.kv.delete(toBytes(key), options);
  }

  list(options?: NodeListOptions): Promise<Listing> {
    if (options === undefined || options === null) return this.kv.list(options);
    const { prefix, from, ...rest } = options;
    return this.kv.list({
      ...rest,
      ...(prefix === undefined ? {} : { prefix: toBytes(prefix) }),
      ...(from === undefined ? {} : { from: toBytes(from) }),
    });
  }

  status(): NodeStatus {
    const { options, life, transport } = this;
    const shards = [...this.host.all].map(shardStatus);
    const corrupt = shards.filter(({ corruption }) => corruption !== undefined);
    const { leader, isMember = false, raw } = this.host.shard(defaultShard)?.replica ?? {};
    const members = memberStatus({
      options,
      leader,
      ownClientAddress: this.advertised() || undefined,
      isConnected: (nodeId) => transport?.isConnected(nodeId) ?? false,
      introductionOf: (nodeId) => transport?.introductionOf(nodeId),
      confState: raw?.confState(),
    });
    return {
      nodeId: options.nodeId,
      clusterId: this.storage.clusterId,
      version,
      state: life.state,
      isReady: life.state === 'running' && leader !== undefined && isMember && corrupt.length === 0,
      warnings: [
        ...corrupt.map(corruptionWarning),
        ...statusWarnings(life.state, members, leader, this.storage.shardLog.isNoSpace),
      ],
      shards,
      members,
      clientAddress: this.clientAddress,
      peerAddress: this.peerAddress,
      storage: options.storage,
      uptimeMs: Math.round(this.env.clock.nowMs() - this.startedMs),
    };
  }

  ready(timeoutMs = this.options.requestTimeoutMs): Promise<void> {
    return this.checkReady(timeoutMs);
  }

  async checkReady(timeoutMs: number): Promise<void> {
    if (this.life.state !== 'running' && this.life.state !== 'forming') throw stoppedError(this.life.failure);
    const [corrupt] = this.status().shards.filter(({ corruption }) => corruption !== undefined);
    if (corrupt !== undefined) throw new KvorumError('CORRUPT', corruptionWarning(corrupt));
    await this.kv.checkServing(timeoutMs);
  }

  isLive(): boolean {
    return this.life.failure === undefined;
  }

  metricsText(): Promise<string> {
    const { transport, metrics } = this;
    if (transport !== undefined)
      Object.assign(metrics.transport, transportMetrics(transport, this.options.peers.keys()));
    metrics.grpc.openConnections = this.port?.grpcConnections ?? 0;
    metrics.store.ringBytes = unflushedBytes(this.host.all);
    return this.metricsRegistry.text();
  }

  close(): Promise<void> {
    return this.endBy('stopping');
  }

  /** Gives back what a start that failed half-way had taken. */
  abandonStart(): Promise<void> {
    return this.endBy('failed');
  }

  private async startPort(): Promise<void> {
    const { clientAddress, demoRoutes, drainTimeoutMs, maxConnections, tracing } = this.options;
    if (clientAddress === undefined) return;
    const { clock, log } = this.env;
    this.port = createClientPort(
      { kv: this.kv, info: this, clock, log, metrics: this.metrics, tracedVersion: tracing ? version : undefined },
      { ...clientAddress, demoRoutes, drainTimeoutMs, connectionsMax: maxConnections },
    );
    const { address } = await this.port.start();
    this.clientAddress = formatAddress(address);
  }

  private advertised(): string {
    const { advertiseClientAddress } = this.options;
    return advertiseClientAddress === undefined ? (this.clientAddress ?? '') : formatAddress(advertiseClientAddress);
  }

  /** Every configured node is known, for good: take part. */
  private form(): void {
    if (this.life.state !== 'forming') return;
    this.life.state = 'running';
    this.host.activate();
  }

  private refusedBy(peer: number, refusal: Refusal): void {
    // A wiped node is never formed. A formed one that is refused so has met a peer with a stale directory, and that is the peer's end, not its own.
    if (refusal.reason === 'incarnation' && this.life.state === 'forming') {
      this.life.fail(new NodeFailedError('identityRefused', refusal.message));
      return;
    }
    this.refusals.tell(peer, refusal);
  }

  private endBy(reason: 'stopping' | 'failed'): Promise<void> {
    this.ending ??= this.end(reason);
    return this.ending;
  }

  private async end(reason: 'stopping' | 'failed'): Promise<void> {
    const { life } = this;
    if (reason === 'stopping')
      await Promise.race([this.stop().catch((error: unknown) => life.fail(error)), life.failed]);
    if (reason === 'failed' || life.failure !== undefined) {
      // A disk that fails may also hang: whoever waits for `closed` must hear of the failure all the same.
      await this.within(this.options.drainTimeoutMs, this.abandon());
    }
    this.probe.close();
    life.ended();
  }

  private async stop(): Promise<void> {
    const { life, host, storage } = this;
    if (life.state === 'running') await host.handOver(this.options.electionTimeoutMs);
    if (life.failure === undefined) life.state = 'stopping';
    await this.port?.close();
    host.end('stopping');
    this.kv.close();
    // First: a snapshot on its way to a slow node would hold up its shard for as long as it takes.
    await this.transport?.close();
    await this.closeShards();
    await storage.close();
  }

  /** Lets go of everything without writing. The first cause is the one to tell, so later failures are not looked at. */
  private async abandon(): Promise<void> {
    this.host.end('failed');
    this.kv.close();
    await Promise.allSettled([...this.host.all].map((shard) => shard.abandon()));
    await Promise.allSettled([this.port?.close(), this.transport?.close()]);
    await Promise.allSettled([this.storage.close()]);
  }

  /** Waits for `work`, but not longer than `limitMs`. */
  private async within(limitMs: number, work: Promise<void>): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const timer = this.env.clock.setTimer(limitMs, resolve);
      work.then(resolve, reject).finally(() => timer.cancel());
    });
  }

  private async closeShards(): Promise<void> {
    const unwritten = this.host.unwritten();
    if (unwritten.length > 0) {
      await new Promise<void>((resolve) => this.storage.shardLog.append(unwritten, resolve));
    }
    for (const shard of this.host.all) await shard.close();
  }
}

function stoppedError(cause: NodeFailedError | undefined): KvorumError {
  const message = cause === undefined ? 'the node is not running' : `the node has failed: ${cause.message}`;
  return new KvorumError('STOPPED', message, {}, cause);
}

const utf8 = new TextEncoder();

function toBytes(text: string | Uint8Array): Uint8Array {
  return typeof text === 'string' ? utf8.encode(text) : text;
}
