import type { ReactNode } from "react";
import { Tooltip as AriaTooltip } from "react-aria-components/Tooltip";
import "./Tooltip.css";

/** What a control is called, beside it; put it and the control into a `TooltipTrigger`. */
export function Tooltip({ children }: { readonly children: ReactNode }) {
  return (
    <AriaTooltip className="tooltip" offset={8}>
      {children}
    </AriaTooltip>
  );
}
