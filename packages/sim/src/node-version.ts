/** A run proves something of the version of Node that it ran on, so a wrong one is refused. */
import { optionError } from './fixed-knobs.js';

/** The oldest version that runs the simulator. */
const OLDEST: readonly [major: number, minor: number] = [20, 19];

/** Throws an option error unless `version` (as `process.version`) is new enough and, where one is expected, of that major version. */
export function assertNode(version: string, expectedMajor: number | undefined): void {
  const [major = 0, minor = 0] = version.replace('v', '').split('.').map(Number);
  const isNewEnough = major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
  if (!isNewEnough) throw optionError('node', version, `${OLDEST.join('.')} or newer`);
  if (expectedMajor === undefined || expectedMajor === major) return;
  throw optionError('--expect-node', expectedMajor, `${major}, since that is what runs this`);
}
