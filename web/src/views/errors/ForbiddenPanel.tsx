import { useLingui } from "@lingui/react/macro";
import { ShieldX } from "lucide-react";
import { ButtonLink } from "../../ui/Button.tsx";
import { StatePanel } from "../../ui/StatePanel.tsx";

/** A page for administrators, seen by somebody else. */
export function ForbiddenPanel() {
  const { t } = useLingui();
  return (
    <StatePanel
      icon={<ShieldX size={40} />}
      title={t`This page is for administrators`}
      level={1}
      actions={<ButtonLink href="/">{t`To the home page`}</ButtonLink>}
    >
      {t`Ask an owner or administrator of your organisation if you need it.`}
    </StatePanel>
  );
}
