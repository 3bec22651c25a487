/**
 * The links between the members of a random group: messages wait, come late, get lost, are repeated and overtake each other, and each direction breaks for
 * itself.
 */
import type { Message } from '../message.js';
import type { NodeId } from '../types.js';
import type { Dice } from './dice.js';
import { WAIT_STEPS_MAX, type Weather } from './weather.js';

export class Links {
  isFaulty = true;
  readonly #dice: Dice;
  readonly #weather: Weather;
  #waiting: Message[] = [];
  #late: { readonly message: Message; readonly until: number }[] = [];
  /** Directions, as `from-to`. */
  readonly #broken = new Set<string>();

  constructor(dice: Dice, weather: Weather) {
    this.#dice = dice;
    this.#weather = weather;
  }

  /** Messages that could arrive now. */
  get length(): number {
    return this.#waiting.length;
  }

  send(message: Message, step: number): void {
    if (this.isFaulty && this.#dice.hits(this.#weather.hold)) {
      this.#late.push({ message, until: step + this.#dice.below(WAIT_STEPS_MAX) });
    } else this.#waiting.push(message);
  }

  /** The next message, and whether it arrives. */
  take(): { readonly message: Message; readonly arrives: boolean } | undefined {
    const { reorder, lose, repeat } = this.#weather;
    if (this.#waiting.length === 0) return undefined;
    // Mostly the oldest, so that things move; sometimes any.
    const isAny = this.isFaulty && this.#dice.below(100) < reorder;
    const [message] = this.#waiting.splice(isAny ? this.#dice.below(this.#waiting.length) : 0, 1);
    if (message === undefined) return undefined;
    if (!this.isFaulty) return { message, arrives: true };
    if (this.#broken.has(`${message.from}-${message.to}`)) return { message, arrives: false };
    const luck = this.#dice.below(100);
    if (luck >= lose && luck < lose + repeat) this.#waiting.push(message);
    return { message, arrives: luck >= lose };
  }

  /** What has been late until now: it arrives, whether its link has broken meanwhile or not. */
  takeLate(step: number): Message[] {
    const isDue = ({ until }: { readonly until: number }): boolean => until <= step;
    if (!this.#late.some(isDue)) return [];
    const due = this.#late.filter(isDue);
    this.#late = this.#late.filter((one) => !isDue(one));
    return due.map(({ message }) => message);
  }

  /** Breaks all links of a node out of `nodes`, both directions. */
  cutOff(node: NodeId, nodes: number): void {
    for (let other = 1; other <= nodes; other += 1) this.#break(node, other).#break(other, node);
  }

  /** Mends all links, or breaks those that lead from one node, and some of those that lead to it. */
  breakOrMend(nodes: number): void {
    if (this.#broken.size > 0 && this.#dice.below(100) < this.#weather.heal) return this.mend();
    const from = 1 + this.#dice.below(nodes);
    for (let to = 1; to <= nodes; to += 1) {
      this.#break(from, to);
      if (this.#dice.below(2) === 0) this.#break(to, from);
    }
  }

  mend(): void {
    this.#broken.clear();
  }

  /** The end of all faults: nothing is late any more. */
  heal(): void {
    this.isFaulty = false;
    this.mend();
    this.#waiting.push(...this.#late.map(({ message }) => message));
    this.#late = [];
  }

  #break(from: NodeId, to: NodeId): this {
    this.#broken.add(`${from}-${to}`);
    return this;
  }
}
