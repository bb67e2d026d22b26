/** The server's time. A device's own clock may be wrong by hours, and an expiry must not depend on it. */

let offsetMs = 0;

/** Sets the clock from the server's current time (ISO 8601). */
export function syncClock(serverTime: string): void {
  offsetMs = Date.parse(serverTime) - Date.now();
}

/** The server's current time, in milliseconds since 1970. */
export function serverNow(): number {
  return Date.now() + offsetMs;
}
