import { useLingui } from "@lingui/react/macro";
import type { MarketRuleSetStatus } from "../../../api/types.ts";

/** Where a version of the rules stands, in a word. */
export function useStatusWords(): (status: MarketRuleSetStatus) => string {
  const { t } = useLingui();
  return (status) =>
    ({
      draft: t`Draft`,
      submitted: t`Submitted`,
      approved: t`Approved`,
      scheduled: t`Waiting for its date`,
      active: t`In force`,
      former: t`No longer in force`,
    })[status];
}
