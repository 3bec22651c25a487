/** A NodeInfo whose answers a test sets. */
import type { NodeInfo, NodeStatus } from '../kv-service.js';

export class FakeNodeInfo implements NodeInfo {
  isAlive = true;
  isLeader = true;
  /** Set to make the node not ready. */
  notReady: Error | undefined;
  readyChecks = 0;
  metrics = '';

  status(): NodeStatus {
    const leader = this.isLeader ? 1 : 2;
    return {
      nodeId: 1,
      clusterId: '00000000000000aa',
      version: '0.1.0',
      state: this.isAlive ? 'running' : 'failed',
      isReady: this.notReady === undefined,
      warnings: this.notReady === undefined ? [] : [this.notReady.message],
      shards: [
        {
          shard: 1,
          keyspace: 'default',
          role: this.isLeader ? 'leader' : 'follower',
          leader,
          term: 2,
          commitIndex: 10,
          appliedIndex: 9,
          flushedIndex: 8,
          lastIndex: 11,
          revision: 7,
          compactRevision: 3,
          keys: 5,
          chainHash: '0000000000000001',
          contentHash: '0000000000000002',
          corruption: undefined,
        },
      ],
      members: [
        {
          nodeId: 1,
          peerAddress: '127.0.0.1:2380',
          clientAddress: '127.0.0.1:2379',
          zone: 'here',
          version: '0.1.0',
          membership: 'voter',
          isSelf: true,
          isConnected: true,
          isLeader: this.isLeader,
        },
        {
          nodeId: 2,
          peerAddress: '127.0.0.1:2382',
          clientAddress: undefined,
          zone: 'there',
          version: '0.2.0',
          membership: 'learner',
          isSelf: false,
          isConnected: false,
          isLeader: !this.isLeader,
        },
      ],
      clientAddress: '127.0.0.1:2379',
      peerAddress: '127.0.0.1:2380',
      storage: 'memory',
      uptimeMs: 1234,
    };
  }

  checkReady(): Promise<void> {
    this.readyChecks += 1;
    return this.notReady === undefined ? Promise.resolve() : Promise.reject(this.notReady);
  }

  isLive(): boolean {
    return this.isAlive;
  }

  metricsText(): Promise<string> {
    return Promise.resolve(this.metrics);
  }
}
