import { useLingui } from "@lingui/react/macro";
import { Compass, Copy } from "lucide-react";
import { Button } from "../../ui/Button.tsx";
import { StatePanel } from "../../ui/StatePanel.tsx";
import { toasts } from "../../ui/toasts.ts";

interface OpenElsewhereProps {
  /** The app whose own view this is; null: a browser that cannot hold meetings. */
  readonly app: string | null;
  readonly onStay: (() => void) | undefined;
}

/** Says how to open the link in a real browser. */
export function OpenElsewhere({ app, onStay }: OpenElsewhereProps) {
  const { t } = useLingui();
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(location.href);
      toasts.show(t`The link is copied.`, { tone: "success" });
    } catch {
      toasts.show(t`The link could not be copied. Hold the address to copy it.`, { tone: "warning" });
    }
  };
  return (
    <div className="elsewhere">
      <StatePanel
        level={1}
        icon={<Compass size={40} />}
        title={t`Open this page in your browser`}
        actions={
          <>
            <Button
              variant="primary"
              icon={<Copy size={16} aria-hidden="true" />}
              onPress={() => void copy()}
            >
              {t`Copy link`}
            </Button>
            {onStay !== undefined && <Button onPress={onStay}>{t`Try it here`}</Button>}
          </>
        }
      >
        {app === null ? (
          <p>{t`This browser cannot hold meetings. Use a current version of Chrome, Edge, Firefox or Safari.`}</p>
        ) : (
          <>
            <p>{t`Inside ${app}, pages usually cannot use the camera and the microphone.`}</p>
            <p>{t`Press ··· at the top and choose “Open in browser”, or copy the link and open it there.`}</p>
          </>
        )}
      </StatePanel>
    </div>
  );
}
