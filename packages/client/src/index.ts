/** The client of kvorum. */
export type { Bytes } from './base/bytes.js';
export type {
  AttemptOptions,
  Channel,
  ChannelError,
  ClientClock,
  ClientDeps,
  ClientRandom,
  Connections,
  Scheduled,
} from './base/deps.js';
export { ClientError, type ClientErrorCode, type ClientErrorDetails } from './base/errors.js';
export type { ClientOptions } from './base/options.js';
export { type Client, type ClientStats, createClient } from './client.js';
export { connect } from './connect.js';
export type { CallOptions, ReadOptions, WriteOptions } from './kv/call-options.js';
export type { DeleteResult } from './kv/delete.js';
export type { JsonValue, JsonView } from './kv/json.js';
export type { KeyMeta, KeyValue } from './base/key-value.js';
export type { ListOptions } from './kv/list.js';
export type { SetResult } from './kv/set.js';
export type { ServerInfo, ServerStats } from './servers/endpoint.js';
export type { Watch } from './watch/watch.js';
export type { WatchBatch, WatchEvent, WatchOptions } from './watch/watch-types.js';
