import assert from 'node:assert/strict';
import { test } from 'node:test';
import { staticClusterId } from './cluster-id.js';

test('the cluster id depends on the name and the set of voters, not on their order', () => {
  const id = staticClusterId('kvorum', [1, 2, 3]);
  assert.match(id, /^[0-9a-f]{16}$/);
  assert.equal(staticClusterId('kvorum', [3, 1, 2]), id);
  assert.notEqual(staticClusterId('other', [1, 2, 3]), id);
  assert.notEqual(staticClusterId('kvorum', [1, 2]), id);
  assert.notEqual(staticClusterId('kvorum', [12, 3]), staticClusterId('kvorum', [1, 23]));
});
