/** Options and limits of the transport, with their defaults. */
import type { Address } from '../env/network.js';

/** Where to listen, whom to dial, and every limit. */
export interface TransportOptions {
  /** Where peers dial this node. */
  readonly listen: Address;
  /** The other nodes of the cluster. */
  readonly peers: ReadonlyMap<number, Address>;
  /** Bytes that may wait for one peer; above it Raft messages are dropped and forwards refused (N8). 1 MiB to 4 GiB. */
  readonly peerQueueBytesMax: number;
  /** A dial that takes longer has failed. */
  readonly connectTimeoutMs: number;
  /** A side that sent nothing for so long sends a keep-alive; also the unit in which silence is counted. */
  readonly keepAliveMs: number;
  /** A connection that was silent for so long is given up. */
  readonly silenceMsMax: number;
  /** Time for a handshake, both syncs included. */
  readonly handshakeMsMax: number;
  /** Pause before dialing again: doubles from the first to the second value, with jitter. */
  readonly redialMsMin: number;
  readonly redialMsMax: number;
  /** Accepted connections that haven't finished their handshake. */
  readonly handshakesMax: number;
  /** Snapshots sent at a time, and received at a time. */
  readonly snapshotsMax: number;
  /** Bytes per second of all outgoing snapshots together; 0: as fast as the receivers take them. */
  readonly snapshotBytesPerSecond: number;
}

/** Defaults of everything but the addresses. */
export const TRANSPORT_DEFAULTS: Omit<TransportOptions, 'listen' | 'peers'> = {
  peerQueueBytesMax: 64 * 1024 * 1024,
  connectTimeoutMs: 1000,
  keepAliveMs: 200,
  silenceMsMax: 3000,
  handshakeMsMax: 5000,
  redialMsMin: 50,
  redialMsMax: 1000,
  handshakesMax: 64,
  snapshotsMax: 2,
  snapshotBytesPerSecond: 0,
};
