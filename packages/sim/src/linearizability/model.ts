// What a checked object does, told as a sequential program. A model is pure: it never changes a state it was given.

/**
 * One operation of a history. Times are any increasing numbers (line numbers, microseconds); at equal times a call counts as earlier
 * than a return, which permits more orders, never fewer.
 */
export interface Operation<Input, Output> {
  readonly process: string;
  readonly input: Input;
  /** What was answered, or `undefined` when nobody knows: then the operation may have happened or not. */
  readonly output: Output | undefined;
  readonly call: number;
  /** When it was answered; `Infinity` for an open operation, which may take effect at any time after its call, or never. */
  readonly return: number;
}

/** The sequential behaviour of an object. */
export interface Model<State extends NonNullable<unknown>, Input, Output> {
  readonly initial: State;
  /**
   * The state after `input` when it answers `output`, or `undefined` when it can't answer that in `state`. An unknown output
   * (`undefined`) fits every state.
   */
  step(state: State, input: Input, output: Output | undefined): State | undefined;
  /** Whether an operation that answered `output` leaves every state in which it can do so as it is: reads, refusals. */
  keepsState(input: Input, output: Output): boolean;
  /** Equal texts mean equal states. Texts that differ for equal states cost time, not correctness. */
  identify(state: State): string;
  /** Equal texts mean inputs that do the same in every state. */
  identifyInput(input: Input): string;
}
