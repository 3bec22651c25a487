/**
 * The rate that one client with one request under way can't exceed on a store that syncs before it answers (P18): 1 / (RTT + sync + loop).
 * Each argument holds two measurements in ms, before and after; the faster one counts, so that a disk that was busy for a moment does not
 * make an honest store look too fast.
 */
export function singleClientBound({ roundTripMs, syncMs, turnMs }) {
  return 1000 / (Math.min(...roundTripMs) + Math.min(...syncMs) + Math.min(...turnMs));
}
