import { useLingui } from "@lingui/react/macro";
import { Handshake, Plus } from "lucide-react";
import { useState } from "react";
import { api } from "../../../api/http.ts";
import type { OneTimeLink, Page, PartnerRow } from "../../../api/types.ts";
import { useResource } from "../../../shell/useResource.ts";
import { Button } from "../../../ui/Button.tsx";
import { ErrorPanel } from "../../../ui/ErrorPanel.tsx";
import { LinkDialog } from "../../../ui/LinkDialog.tsx";
import { SkeletonRows } from "../../../ui/Skeleton.tsx";
import { StatePanel } from "../../../ui/StatePanel.tsx";
import { PartnerDialog } from "./PartnerDialog.tsx";
import { PartnerTable } from "./PartnerTable.tsx";
import { inTiers } from "./tiers.ts";

/** Who sells the service, each below who they buy from. */
export function PartnersPanel({ mayWrite }: { readonly mayWrite: boolean }) {
  const { t } = useLingui();
  const { resource, reload } = useResource("/partners", (signal) =>
    api.get<Page<PartnerRow>>("/partners", { signal }),
  );
  const [dialog, setDialog] = useState<PartnerRow | "new" | null>(null);
  const [handed, setHanded] = useState<{ partner: PartnerRow; link: OneTimeLink } | null>(null);
  if (resource.state === "loading") return <SkeletonRows rows={4} />;
  if (resource.state === "error") {
    return (
      <ErrorPanel
        error={resource.error}
        title={t`The partners could not be loaded`}
        onRetry={() => void reload()}
      />
    );
  }
  const partners = inTiers(resource.value.items);
  const add = (
    <Button variant="primary" icon={<Plus size={20} aria-hidden="true" />} onPress={() => setDialog("new")}>
      {t`New partner`}
    </Button>
  );
  return (
    <div className="split__list">
      {partners.length === 0 ? (
        <StatePanel
          icon={<Handshake size={40} />}
          title={t`There are no partners`}
          actions={mayWrite ? add : undefined}
        >
          <p>{t`Partners sell the service under their own name or at their own prices, and support those who buy it.`}</p>
        </StatePanel>
      ) : (
        <>
          {mayWrite && <div className="filters">{add}</div>}
          <PartnerTable partners={partners} {...(mayWrite && { onChange: setDialog })} />
        </>
      )}
      {dialog !== null && (
        <PartnerDialog
          partner={dialog === "new" ? null : dialog}
          partners={resource.value.items}
          onClose={() => setDialog(null)}
          onSaved={(partner, link) => {
            setDialog(null);
            if (link !== null) setHanded({ partner, link });
            void reload();
          }}
        />
      )}
      {handed !== null && (
        <LinkDialog
          title={t`First of the staff of ${handed.partner.name}`}
          name={handed.partner.name}
          link={handed.link}
          onClose={() => setHanded(null)}
        />
      )}
    </div>
  );
}
