import { useLingui } from "@lingui/react/macro";
import { CircleAlert, CircleCheck, TriangleAlert, X } from "lucide-react";
import { useEffect, useState, useSyncExternalStore } from "react";
import { looks, subscribeLooks } from "./appearance.ts";
import { Button, IconButton } from "./Button.tsx";
import "./Toast.css";
import { type Toast, toasts } from "./toasts.ts";

const ICONS = {
  plain: null,
  success: <CircleCheck size={20} aria-hidden="true" />,
  warning: <TriangleAlert size={20} aria-hidden="true" />,
  danger: <CircleAlert size={20} aria-hidden="true" />,
} as const;

/** The notices at the top centre, announced politely. One of it stands in the shell. */
export function ToastRegion() {
  const { t } = useLingui();
  const { announcements } = useSyncExternalStore(subscribeLooks, looks);
  const list = useSyncExternalStore(toasts.subscribe, toasts.getSnapshot);
  return (
    <section
      className="toasts"
      aria-label={t`Notices`}
      aria-live={announcements ? "polite" : "off"}
      aria-relevant="additions text"
    >
      {list.map((toast) => (
        <ToastLine key={toast.key} toast={toast} />
      ))}
    </section>
  );
}

function ToastLine({ toast }: { readonly toast: Toast }) {
  const { t } = useLingui();
  const [held, setHeld] = useState(false);
  useEffect(() => {
    if (held || toast.timeoutMs === null) return;
    const timer = setTimeout(() => toasts.close(toast.key), toast.timeoutMs);
    return () => clearTimeout(timer);
  }, [held, toast]);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: reading it holds it; it is not a control
    <div
      className="toast"
      role={toast.tone === "danger" ? "alert" : undefined}
      data-tone={toast.tone}
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
    >
      {ICONS[toast.tone]}
      <span className="toast__text">{toast.text}</span>
      {toast.actions.map((action, index) => (
        <Button
          key={action.label}
          size="small"
          variant={index === 0 ? "primary" : "secondary"}
          onPress={() => {
            toasts.close(toast.key);
            action.onPress();
          }}
        >
          {action.label}
        </Button>
      ))}
      <IconButton
        label={t`Close`}
        size="small"
        icon={<X size={16} aria-hidden="true" />}
        onPress={() => toasts.close(toast.key)}
      />
    </div>
  );
}
