import { Trans, useLingui } from "@lingui/react/macro";
import { CloudOff, TriangleAlert, WifiOff } from "lucide-react";
import { ApiError } from "../api/http.ts";
import { errorCode, errorText } from "../i18n/errors.ts";
import { Button } from "./Button.tsx";
import { StatePanel } from "./StatePanel.tsx";

interface ErrorPanelProps {
  readonly error: unknown;
  /** What could not be done, as "Your meetings could not be loaded". */
  readonly title: string;
  readonly onRetry?: () => void;
  readonly level?: 1 | 2 | 3;
}

/** What happened, what to do, and a code to quote; it says so when there is simply no network. */
export function ErrorPanel({ error, title, onRetry, level = 2 }: ErrorPanelProps) {
  const { t, i18n } = useLingui();
  const unreachable = error instanceof ApiError && error.status === 0;
  const offline = unreachable && !navigator.onLine;
  const icon = offline ? (
    <WifiOff size={40} />
  ) : unreachable ? (
    <CloudOff size={40} />
  ) : (
    <TriangleAlert size={40} />
  );
  return (
    <StatePanel
      icon={icon}
      title={title}
      tone={offline ? "warning" : "danger"}
      role="alert"
      level={level}
      actions={onRetry !== undefined && <Button onPress={onRetry}>{t`Try again`}</Button>}
    >
      <p>{errorText(i18n, error)}</p>
      <p>
        <Trans>
          Code: <span className="state__code">{errorCode(error)}</span>
        </Trans>
      </p>
    </StatePanel>
  );
}
