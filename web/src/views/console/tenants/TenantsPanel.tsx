import { useLingui } from "@lingui/react/macro";
import { Plus, SearchX } from "lucide-react";
import { useDeferredValue, useState } from "react";
import { api } from "../../../api/http.ts";
import type { OneTimeLink, Page, PartnerRow, PlanRow, TenantRow } from "../../../api/types.ts";
import { usePages } from "../../../shell/usePages.ts";
import { useResource } from "../../../shell/useResource.ts";
import { Button } from "../../../ui/Button.tsx";
import { ErrorPanel } from "../../../ui/ErrorPanel.tsx";
import { LinkDialog } from "../../../ui/LinkDialog.tsx";
import { Select } from "../../../ui/Select.tsx";
import { SkeletonRows } from "../../../ui/Skeleton.tsx";
import { StatePanel } from "../../../ui/StatePanel.tsx";
import { TextField } from "../../../ui/TextField.tsx";
import { Split } from "../Split.tsx";
import { useMarketWords } from "../useMarketWords.ts";
import { TenantDetails } from "./TenantDetails.tsx";
import { TenantDialog } from "./TenantDialog.tsx";
import { TenantTable } from "./TenantTable.tsx";

interface TenantsPanelProps {
  readonly mayWrite: boolean;
}

/** What tenants can have. */
export interface Offer {
  readonly plans: readonly PlanRow[];
  readonly partners: readonly PartnerRow[];
}

/** A link to hand to the first owner of a tenant. */
interface Handed {
  readonly name: string;
  readonly link: OneTimeLink;
}

/** The tenants that one administers; the server pages, filters and sorts them. */
export function TenantsPanel({ mayWrite }: TenantsPanelProps) {
  const { t } = useLingui();
  const words = useMarketWords();
  const [text, setText] = useState("");
  const [filters, setFilters] = useState<Readonly<Record<string, string>>>({});
  const [sort, setSort] = useState("name");
  const [chosen, setChosen] = useState<string | null>(null);
  const [dialog, setDialog] = useState<TenantRow | "new" | null>(null);
  const [handed, setHanded] = useState<Handed | null>(null);
  const query = { ...filters, q: useDeferredValue(text.trim()), sort };
  const { resource, reload, hasMore, more } = usePages<TenantRow>("/tenants", query);
  const offer = useResource<Offer>("/plans", async (signal) => {
    const [plans, partners] = await Promise.all([
      api.get<Page<PlanRow>>("/plans", { signal }),
      api.get<Page<PartnerRow>>("/partners", { signal }),
    ]);
    return { plans: plans.items, partners: partners.items };
  }).resource;
  const { plans, partners } = offer.state === "ready" ? offer.value : { plans: [], partners: [] };
  const filter = (name: string, label: string, options: readonly { id: string; label: string }[]) => (
    <Select
      label={label}
      options={[{ id: "", label: t`All` }, ...options]}
      value={filters[name] ?? ""}
      onChange={(value) => setFilters({ ...filters, [name]: value })}
    />
  );
  const tenants = resource.state === "ready" ? resource.value : [];
  const tenant = tenants.find(({ id }) => id === chosen);
  return (
    <>
      <Split
        hint={t`Choose a tenant to see what it is and has.`}
        back={t`All tenants`}
        onBack={() => setChosen(null)}
        list={
          <>
            <div className="filters">
              <TextField label={t`Search by name`} type="search" value={text} onChange={setText} />
              {filter("status", t`Status`, [
                { id: "active", label: words.standing("active") },
                { id: "suspended", label: words.standing("suspended") },
                { id: "ended", label: words.standing("ended") },
              ])}
              {filter(
                "plan",
                t`Plan`,
                plans.map(({ code, name }) => ({ id: code, label: name })),
              )}
              {partners.length > 0 &&
                filter(
                  "partner",
                  t`Partner`,
                  partners.map(({ code, name }) => ({ id: code, label: name })),
                )}
              {mayWrite && (
                <Button
                  variant="primary"
                  icon={<Plus size={20} aria-hidden="true" />}
                  onPress={() => setDialog("new")}
                >
                  {t`New tenant`}
                </Button>
              )}
            </div>
            {resource.state === "loading" && <SkeletonRows rows={6} />}
            {resource.state === "error" && (
              <ErrorPanel
                error={resource.error}
                title={t`The tenants could not be loaded`}
                onRetry={() => void reload()}
              />
            )}
            {resource.state === "ready" &&
              (tenants.length === 0 ? (
                <StatePanel icon={<SearchX size={40} />} title={t`No tenant is like this`}>
                  <p>{t`Change the filters, or found a tenant.`}</p>
                </StatePanel>
              ) : (
                <TenantTable
                  tenants={tenants}
                  sort={sort}
                  onSort={setSort}
                  chosen={chosen}
                  onChoose={setChosen}
                />
              ))}
            {hasMore && (
              <Button wide onPress={more}>
                {t`Show more`}
              </Button>
            )}
          </>
        }
        details={
          tenant === undefined ? null : (
            <TenantDetails
              tenant={tenant}
              {...(mayWrite && {
                onChange: () => setDialog(tenant),
                onOwnerLink: (link: OneTimeLink) => setHanded({ name: tenant.name, link }),
              })}
            />
          )
        }
      />
      {dialog !== null && (
        <TenantDialog
          tenant={dialog === "new" ? null : dialog}
          offer={{ plans, partners }}
          onClose={() => setDialog(null)}
          onSaved={(saved, link) => {
            setDialog(null);
            setChosen(saved.id);
            if (link !== null) setHanded({ name: saved.name, link });
            void reload();
          }}
        />
      )}
      {handed !== null && (
        <LinkDialog
          title={t`First owner of ${handed.name}`}
          name={t`the first owner of ${handed.name}`}
          link={handed.link}
          onClose={() => setHanded(null)}
        />
      )}
    </>
  );
}
