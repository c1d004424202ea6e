import { CircleAlert, CircleCheck, Info, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import "./States.css";

const ICONS = {
  plain: <Info size={20} aria-hidden="true" />,
  success: <CircleCheck size={20} aria-hidden="true" />,
  warning: <TriangleAlert size={20} aria-hidden="true" />,
  danger: <CircleAlert size={20} aria-hidden="true" />,
} as const;

interface NoteProps {
  readonly tone?: keyof typeof ICONS;
  readonly children: ReactNode;
}

/** A sentence inside a form or a page. A danger is an alert: it is read out as it appears. */
export function Note({ tone = "plain", children }: NoteProps) {
  return (
    <div className="note" data-tone={tone} role={tone === "danger" ? "alert" : undefined}>
      {ICONS[tone]}
      <div>{children}</div>
    </div>
  );
}
