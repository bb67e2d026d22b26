/** The time by the service's clock: a device's own may be wrong by hours, and still nobody minds but the customer. */

let ahead = 0;

export const setClock = (now: string): void => void (ahead = Date.parse(now) - Date.now());
export const serviceNow = (): number => Date.now() + ahead;
