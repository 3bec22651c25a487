/** Every kind of fault, and what it does. Each answers whether it did something at once; others count when their moment has come. */
import type { FaultKind } from '../knobs.js';
import { ambushFaults } from './ambush-faults.js';
import type { FaultyCluster } from './cluster-faults.js';
import { clientFaults } from './client-faults.js';
import { diskFaults } from './disk-faults.js';
import { neededFaults } from './needed-faults.js';
import { networkFaults } from './network-faults.js';
import { processFaults } from './process-faults.js';

export const injectors: Record<FaultKind, (cluster: FaultyCluster) => boolean> = {
  ...processFaults,
  ...networkFaults,
  ...diskFaults,
  ...ambushFaults,
  ...neededFaults,
  ...clientFaults,
};
