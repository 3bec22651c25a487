/** The load of one round: loops that write and read through random nodes until they are stopped. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Counter } from './counter.mjs';
import { Race } from './race.mjs';
import { Register } from './register.mjs';

const WRITERS = 24;
const REGISTERS_PER_WRITER = 3;
const COUNTERS = 2;
const CONTENDERS = 3;
const READERS = 4;
const RACE_PAUSE_MS = 10;
/** After anything but an acknowledgement: the cluster may be without a leader. */
const PAUSE_MS = 15;

export class Traffic {
  models = [];
  #client;
  #ledger;
  #nodes;
  #chance;
  #name;
  #isStopping = false;
  #loops = [];
  #registers = [];

  /** `name` opens every key of this round. */
  constructor({ client, ledger, nodes, chance }, name) {
    this.#client = client;
    this.#ledger = ledger;
    this.#nodes = nodes;
    this.#chance = chance;
    this.#name = name;
  }

  start() {
    for (let writer = 0; writer < WRITERS; writer++) this.#loops.push(this.#writeRegisters(writer));
    for (let at = 0; at < COUNTERS; at++) {
      const counter = this.#add(new Counter(`${this.#name}/counter-${at}`, this.#ledger));
      for (let i = 0; i < CONTENDERS; i++) this.#loops.push(this.#countUp(counter));
    }
    for (let i = 0; i < READERS; i++) this.#loops.push(this.#readRegisters());
    this.#loops.push(this.#race());
  }

  /** Resolves when every request has its outcome. */
  async stop() {
    this.#isStopping = true;
    await Promise.all(this.#loops);
  }

  #add(model) {
    this.models.push(model);
    return model;
  }

  #anyNode() {
    return this.#chance.pick(this.#nodes);
  }

  async #writeRegisters(writer) {
    let made = 0;
    const fresh = () => this.#add(new Register(`${this.#name}/register-${writer}-${made++}`, this.#ledger));
    const own = Array.from({ length: REGISTERS_PER_WRITER }, fresh);
    this.#registers[writer] = own;
    while (!this.#isStopping) {
      const at = this.#chance.integer(0, own.length - 1);
      const register = own[at];
      const outcome = await this.#client.write(this.#anyNode(), register, register.begin());
      if (register.isRetired) own[at] = fresh();
      if (outcome !== 'acknowledged') await sleep(PAUSE_MS);
    }
  }

  async #countUp(counter) {
    while (!this.#isStopping) {
      const read = await this.#client.read(this.#anyNode(), counter);
      if (read === undefined) {
        await sleep(PAUSE_MS);
        continue;
      }
      const condition = read.value === undefined ? { 'If-None-Match': '*' } : { 'If-Match': String(read.modRevision) };
      const outcome = await this.#client.write(this.#anyNode(), counter, counter.begin(read), condition);
      if (outcome !== 'acknowledged') await sleep(this.#chance.integer(1, PAUSE_MS));
    }
  }

  async #race() {
    for (let number = 0; !this.#isStopping; number++) {
      const race = this.#add(new Race(`${this.#name}/race-${number}`, this.#ledger));
      const create = (node) => this.#client.write(node, race, race.begin(node), { 'If-None-Match': '*' });
      await Promise.all(this.#nodes.map(create));
      await sleep(RACE_PAUSE_MS);
    }
  }

  async #readRegisters() {
    while (!this.#isStopping) {
      const register = this.#chance.pick(this.#chance.pick(this.#registers));
      const shown = await this.#client.read(this.#anyNode(), register);
      if (shown === undefined) await sleep(PAUSE_MS);
    }
  }
}
