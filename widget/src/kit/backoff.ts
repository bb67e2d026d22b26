/** The delay before retry number `attempt` (from 0): doubled each time, up to a maximum. In the unit of its arguments. */
export function backoff(attempt: number, first: number, max: number): number {
  return Math.min(max, first * 2 ** attempt);
}
