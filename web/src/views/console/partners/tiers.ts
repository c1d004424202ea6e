import type { PartnerRow } from "../../../api/types.ts";

/** A partner and how many stand above it. */
export interface Tiered {
  readonly partner: PartnerRow;
  readonly tier: number;
}

/** Partners by name, each after the one that it buys from. Who stands above what one may see is a beginning. */
export function inTiers(partners: readonly PartnerRow[]): readonly Tiered[] {
  const known = new Set(partners.map(({ code }) => code));
  const below = (parent: string | null, tier: number): readonly Tiered[] =>
    partners
      .filter((one) => (known.has(one.parent ?? "") ? one.parent : null) === parent)
      .toSorted((a, b) => a.name.localeCompare(b.name))
      .flatMap((partner) => [{ partner, tier }, ...below(partner.code, tier + 1)]);
  return below(null, 0);
}
