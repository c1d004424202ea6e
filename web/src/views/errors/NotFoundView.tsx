import { useLingui } from "@lingui/react/macro";
import { MapPinOff } from "lucide-react";
import { useDocumentTitle } from "../../shell/Page.tsx";
import { ButtonLink } from "../../ui/Button.tsx";
import { StatePanel } from "../../ui/StatePanel.tsx";

export default function NotFoundView() {
  const { t } = useLingui();
  useDocumentTitle(t`Page not found`);
  return (
    <StatePanel
      icon={<MapPinOff size={40} />}
      title={t`Page not found`}
      level={1}
      actions={
        <>
          <ButtonLink variant="primary" href="/join">{t`Join a meeting`}</ButtonLink>
          <ButtonLink href="/">{t`To the home page`}</ButtonLink>
        </>
      }
    >
      {t`There is nothing at this address. If you came by a meeting link, ask for it again: it may have been cut off.`}
    </StatePanel>
  );
}
