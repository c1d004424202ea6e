import type { Statement } from "../../../api/types.ts";

/** What a statement is about; no two of a month are about the same. */
export function keyOf({ seller, buyer, currency }: Statement): string {
  return `${seller} ${buyer} ${currency}`;
}
