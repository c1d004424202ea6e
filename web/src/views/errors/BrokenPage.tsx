import { useLingui } from "@lingui/react/macro";
import { RefreshCw } from "lucide-react";
import { Button, ButtonLink } from "../../ui/Button.tsx";
import { StatePanel } from "../../ui/StatePanel.tsx";

/** A screen that could not be drawn: usually a new version was installed while the page was open. */
export function BrokenPage({ error }: { readonly error: unknown }) {
  const { t } = useLingui();
  const code = error instanceof Error ? error.name : "unknown";
  return (
    <StatePanel
      icon={<RefreshCw size={40} />}
      title={t`This page has stopped working`}
      tone="danger"
      role="alert"
      level={1}
      actions={
        <>
          <Button variant="primary" onPress={() => location.reload()}>{t`Load again`}</Button>
          <ButtonLink href="/">{t`To the home page`}</ButtonLink>
        </>
      }
    >
      <p>{t`Perhaps a new version was installed meanwhile. Load the page again; nothing you saved is lost.`}</p>
      <p className="state__code">{code}</p>
    </StatePanel>
  );
}
