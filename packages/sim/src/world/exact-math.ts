/**
 * Logarithm and exponential of additions, multiplications and divisions alone. Those are exact to the last bit by IEEE 754, so that a seed means the same
 * run on every version of Node (R1); `Math.log` and `**` are whatever the engine at hand makes of them, and V8 has changed both.
 */

const LN2 = 0.6931471805599453;
/** Terms beyond are smaller than half a last bit. */
const LOG_TERMS = 14;
const EXP_TERMS = 16;

/** The natural logarithm of a positive number, to about 15 digits. */
export function ln(x: number): number {
  if (!(x > 0 && x < Number.POSITIVE_INFINITY)) throw new RangeError(`no logarithm of ${x}`);
  let rest = x;
  let doublings = 0;
  for (; rest > 1.5; doublings += 1) rest /= 2;
  for (; rest < 0.75; doublings -= 1) rest *= 2;
  // ln x = 2 artanh((x − 1) / (x + 1)), whose argument is at most 1/5 here.
  const root = (rest - 1) / (rest + 1);
  const square = root * root;
  let sum = 0;
  for (let term = LOG_TERMS; term >= 0; term -= 1) sum = sum * square + 1 / (2 * term + 1);
  return doublings * LN2 + 2 * root * sum;
}

/** e to the power of x, |x| at most 700, to about 14 digits. */
export function exp(x: number): number {
  if (!(Math.abs(x) <= 700)) throw new RangeError(`e to the power of ${x} is out of range`);
  const doublings = Math.round(x / LN2);
  const rest = x - doublings * LN2;
  let sum = 1;
  for (let term = EXP_TERMS; term > 0; term -= 1) sum = 1 + (sum * rest) / term;
  for (let i = 0; i < Math.abs(doublings); i += 1) sum = doublings > 0 ? sum * 2 : sum / 2;
  return sum;
}
