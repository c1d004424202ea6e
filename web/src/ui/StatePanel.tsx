import type { ReactNode } from "react";
import "./States.css";

interface StatePanelProps {
  readonly icon: ReactNode;
  readonly title: string;
  /** What to do now. */
  readonly children?: ReactNode;
  readonly actions?: ReactNode;
  readonly tone?: "plain" | "warning" | "danger";
  readonly role?: "alert" | "status";
  /** The heading's level: 1 when the panel is the whole page. */
  readonly level?: 1 | 2 | 3;
}

/** A screen (or a part of it) that has nothing to show: empty, refused, ended, offline. */
export function StatePanel({
  icon,
  title,
  children,
  actions,
  tone = "plain",
  role,
  level = 2,
}: StatePanelProps) {
  const Heading = `h${level}` as const;
  return (
    <div className="state" data-tone={tone} role={role}>
      <span className="state__icon" aria-hidden="true">
        {icon}
      </span>
      <Heading>{title}</Heading>
      {children !== undefined && <div className="state__text">{children}</div>}
      {actions !== undefined && <div className="state__actions">{actions}</div>}
    </div>
  );
}
