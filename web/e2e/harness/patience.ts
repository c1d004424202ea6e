/** Time limits. None is waited out when all goes well. */

/** How much slower than two idle cores this machine is, for limits that the product itself promises; two journeys share them. */
const SLOWNESS = Number(process.env["E2E_SLOWNESS"] ?? "2");

/** Until somebody gives up on something that has no promised time; generous, since only failures wait so long. */
export const PATIENCE_MS = 25_000 * SLOWNESS;

/** What the product promises, on the machine that runs it. */
export function promised(ms: number): number {
  return ms * SLOWNESS;
}
