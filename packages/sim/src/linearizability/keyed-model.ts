// Many objects of one model side by side, for histories that are to be checked as a whole instead of key by key.
import type { Model } from './model.js';

/**
 * The product of one `model` per key. Inner states are numbered as they appear, so that a state is a short list of numbers however
 * long the values are.
 */
export function keyedModel<State extends NonNullable<unknown>, Input, Output>(
  model: Model<State, Input, Output>,
  keyOf: (input: Input) => string,
): Model<readonly number[], Input, Output> {
  const places = new Map<string, number>();
  const states: State[] = [model.initial];
  const numbers = new Map<string, number>([[model.identify(model.initial), 0]]);

  const placeOf = (key: string): number => {
    const known = places.get(key);
    if (known !== undefined) return known;
    places.set(key, places.size);
    return places.size - 1;
  };
  const numberOf = (state: State): number => {
    const text = model.identify(state);
    const known = numbers.get(text);
    if (known !== undefined) return known;
    numbers.set(text, states.length);
    states.push(state);
    return states.length - 1;
  };

  return {
    initial: [],
    step(state, input, output) {
      const place = placeOf(keyOf(input));
      const before = state[place] ?? 0;
      const next = model.step(states[before] ?? model.initial, input, output);
      if (next === undefined) return undefined;
      const after = numberOf(next);
      if (after === before) return state;
      const copy = [...state];
      while (copy.length < place) copy.push(0);
      copy[place] = after;
      return copy;
    },
    keepsState: (input, output) => model.keepsState(input, output),
    identify: (state) => state.join(','),
    identifyInput: (input) => JSON.stringify([keyOf(input), model.identifyInput(input)]),
  };
}
