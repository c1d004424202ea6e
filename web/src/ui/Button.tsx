import type { ReactNode } from "react";
import { Button as AriaButton, type ButtonProps as AriaButtonProps } from "react-aria-components/Button";
import { Link as AriaLink } from "react-aria-components/Link";
import { TooltipTrigger } from "react-aria-components/Tooltip";
import "./Button.css";
import { Tooltip } from "./Tooltip.tsx";

export type ButtonVariant = "primary" | "secondary" | "quiet" | "danger";
export type ButtonSize = "small" | "medium" | "large";

interface Look {
  readonly variant?: ButtonVariant;
  readonly size?: ButtonSize;
}

export interface ButtonProps extends Omit<AriaButtonProps, "children" | "className" | "style">, Look {
  readonly icon?: ReactNode;
  /** As wide as its container. */
  readonly wide?: boolean;
  readonly children: ReactNode;
}

/** A button with words. While `isPending` it keeps its place and focus, and a mark turns after 300 ms. */
export function Button({
  variant = "secondary",
  size = "medium",
  icon,
  wide,
  children,
  ...rest
}: ButtonProps) {
  return (
    <AriaButton
      {...rest}
      className="button"
      data-variant={variant}
      data-size={size}
      data-wide={wide || undefined}
    >
      {rest.isPending ? <span className="button__spinner" aria-hidden="true" /> : icon}
      {children}
    </AriaButton>
  );
}

export interface IconButtonProps
  extends Omit<AriaButtonProps, "children" | "className" | "style" | "aria-label">,
    Look {
  /** The accessible name, also shown on hover and focus. */
  readonly label: string;
  /** Shown after the name: a shortcut, a count. */
  readonly hint?: ReactNode;
  readonly icon: ReactNode;
}

/** A button of one icon; its name is shown on hover and focus. */
export function IconButton({
  label,
  hint,
  icon,
  variant = "quiet",
  size = "medium",
  ...rest
}: IconButtonProps) {
  return (
    <TooltipTrigger delay={500} closeDelay={0}>
      <AriaButton
        {...rest}
        className="button"
        aria-label={label}
        data-variant={variant}
        data-size={size}
        data-icon-only=""
      >
        {icon}
      </AriaButton>
      <Tooltip>
        {label}
        {hint}
      </Tooltip>
    </TooltipTrigger>
  );
}

interface ButtonLinkProps extends Look {
  readonly href: string;
  readonly icon?: ReactNode;
  readonly wide?: boolean;
  readonly children: ReactNode;
  /** Saves what it points at under this name instead of going there. */
  readonly download?: string;
}

/** Looks like a button and is a link: it goes somewhere. */
export function ButtonLink({
  href,
  icon,
  wide,
  children,
  variant = "secondary",
  size = "medium",
  download,
}: ButtonLinkProps) {
  return (
    <AriaLink
      href={href}
      className="button"
      data-variant={variant}
      data-size={size}
      data-wide={wide || undefined}
      {...(download === undefined ? {} : { download })}
    >
      {icon}
      {children}
    </AriaLink>
  );
}
