import { type ReactNode, useId } from "react";
import { Button as AriaButton, type ButtonProps } from "react-aria-components/Button";
import { TooltipTrigger } from "react-aria-components/Tooltip";
import { Kbd } from "../../ui/Kbd.tsx";
import { Tooltip } from "../../ui/Tooltip.tsx";
import type { Panel } from "./useScreen.ts";

interface ToolbarButtonProps extends Pick<ButtonProps, "onPress"> {
  /** The accessible name and the word below the icon. */
  readonly label: string;
  readonly icon: ReactNode;
  readonly keys?: string | undefined;
  readonly tone?: "plain" | "off" | "accent" | "danger";
  /** A number beside the icon. */
  readonly badge?: number;
  /** A number that asks to be looked at. */
  readonly news?: number;
  /** Something is wrong or waits; said in a description, shown as a mark. */
  readonly alert?: string | undefined;
  readonly description?: string;
  readonly isPressed?: boolean;
  /** The panel that it shows and hides; the focus comes back here when that is closed. */
  readonly panel?: Panel;
  /** Left out where the toolbar is narrow; it is found in a menu there. */
  readonly wideOnly?: boolean;
}

/** An icon over its word. Counts and shortcuts go into the description, so that the name stays the name. */
export function ToolbarButton(props: ToolbarButtonProps) {
  const {
    label,
    icon,
    keys,
    tone = "plain",
    badge,
    news,
    alert,
    description,
    isPressed,
    panel,
    wideOnly,
    onPress,
  } = props;
  const id = useId();
  const described = [description, alert, keys].filter((part) => part !== undefined).join(" ");
  return (
    <TooltipTrigger delay={700} closeDelay={0} isDisabled={keys === undefined}>
      <AriaButton
        className="tool"
        data-tone={tone}
        data-wide-only={wideOnly || undefined}
        data-chosen={isPressed || undefined}
        data-opens={panel}
        aria-label={label}
        {...(described !== "" && { "aria-describedby": id })}
        {...(isPressed !== undefined && { "aria-pressed": isPressed })}
        {...(onPress !== undefined && { onPress })}
      >
        <span className="tool__icon" aria-hidden="true">
          {icon}
          {badge !== undefined && <span className="tool__count">{badge}</span>}
          {news !== undefined && <span className="tool__news">{news > 99 ? "99+" : news}</span>}
          {alert !== undefined && <span className="tool__alert">!</span>}
        </span>
        <span className="tool__word">{label}</span>
        <span id={id} hidden>
          {described}
        </span>
      </AriaButton>
      <Tooltip>
        {label} {keys !== undefined && <Kbd keys={keys} />}
      </Tooltip>
    </TooltipTrigger>
  );
}
