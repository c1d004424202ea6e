import { useLingui } from "@lingui/react/macro";
import { SignalLow, SignalMedium } from "lucide-react";
import type { Call } from "../../call/call.ts";
import { useStatistics } from "../../call/hooks.ts";
import { bars } from "../../call/stats.ts";

/** One's own connection, only when it is not good. */
export function OwnConnection({ call }: { readonly call: Call }) {
  const { t } = useLingui();
  const { samples } = useStatistics(call);
  const shown = bars(samples.at(-1));
  if (shown === 3) return null;
  const icon = { className: "tile__weak", size: 16, role: "img" } as const;
  return shown === 2 ? (
    <SignalMedium {...icon} aria-label={t`Your connection is fair.`} />
  ) : (
    <SignalLow {...icon} aria-label={t`Your connection is poor.`} />
  );
}
