/**
 * How long an attempt may take. Each side ends a little before the one that waits for it: the server before the attempt, so that its own word, which is
 * definite, arrives; the attempt before the call, so that what came of it is known when the caller is told. Pure.
 */
import type { AttemptOptions } from '../base/deps.js';

const marginPart = 0.05;
const marginMsMin = 25;
const marginMsMax = 250;
/** Short times are not eaten up by margins. */
const marginPartMax = 0.25;
/** With less than this left, or this part of its time, no further attempt of a write begins: servers look at deadlines once per tick of Raft. */
const attemptMsMin = 500;
const attemptPartMin = 0.5;

/** @param attemptTimeoutMs one attempt, where another can follow it; undefined: it has all the time there is */
export function attemptTimes(leftMs: number, attemptTimeoutMs: number | undefined): AttemptOptions {
  const untilEndMs = Math.max(1, Math.ceil(leftMs) - marginOf(leftMs));
  const timeoutMs = attemptTimeoutMs === undefined ? untilEndMs : Math.min(attemptTimeoutMs, untilEndMs);
  return { timeoutMs, answerMarginMs: marginOf(timeoutMs) };
}

/** Of a call that has `timeoutMs` in all. */
export function hasTimeForAnother(leftMs: number, timeoutMs: number): boolean {
  return leftMs >= Math.min(attemptMsMin, timeoutMs * attemptPartMin);
}

function marginOf(timeMs: number): number {
  const marginMs = Math.min(Math.max(timeMs * marginPart, marginMsMin), marginMsMax);
  return Math.floor(Math.min(marginMs, timeMs * marginPartMax));
}
