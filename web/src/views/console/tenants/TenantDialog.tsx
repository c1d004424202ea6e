import { useLingui } from "@lingui/react/macro";
import { useId, useState } from "react";
import { Form } from "react-aria-components/Form";
import { api } from "../../../api/http.ts";
import type { Channel, OneTimeLink, TenantKind, TenantRow, TenantStatus } from "../../../api/types.ts";
import { useAction } from "../../../shell/useAction.ts";
import { Button } from "../../../ui/Button.tsx";
import { Choices } from "../../../ui/Choices.tsx";
import { Dialog } from "../../../ui/Dialog.tsx";
import { Note } from "../../../ui/Note.tsx";
import { Select } from "../../../ui/Select.tsx";
import { TextField } from "../../../ui/TextField.tsx";
import { useMarketWords } from "../useMarketWords.ts";
import type { Offer } from "./TenantsPanel.tsx";

const KINDS: readonly TenantKind[] = ["enterprise", "personal"];
const STANDINGS: readonly TenantStatus[] = ["active", "suspended", "ended"];

interface TenantDialogProps {
  /** Null to found one. */
  readonly tenant: TenantRow | null;
  readonly offer: Offer;
  readonly onClose: () => void;
  /** With the link for the first owner of a new one. */
  readonly onSaved: (tenant: TenantRow, link: OneTimeLink | null) => void;
}

/** Founds a tenant, or changes what it is and has. */
export function TenantDialog({ tenant, offer, onClose, onSaved }: TenantDialogProps) {
  const { t } = useLingui();
  const words = useMarketWords();
  const id = useId();
  const [name, setName] = useState(tenant?.name ?? "");
  const [email, setEmail] = useState("");
  const [kind, setKind] = useState<TenantKind>(tenant?.kind ?? "enterprise");
  const [country, setCountry] = useState(tenant?.country ?? "");
  const [subdivision, setSubdivision] = useState(tenant?.subdivision ?? "");
  // A partner's code, or by which of the operator's own channels.
  const [seller, setSeller] = useState(tenant?.partner ?? tenant?.channel ?? "direct");
  const [plan, setPlan] = useState(tenant?.plan ?? offer.plans[0]?.code ?? "standard");
  const [status, setStatus] = useState<TenantStatus>(tenant?.status ?? "active");
  const own: readonly Channel[] = ["direct", "online"];
  const save = useAction(async () => {
    const isOwn = own.some((channel) => channel === seller);
    const said = {
      name: name.trim(),
      kind,
      country: country.trim() === "" ? null : country.trim().toUpperCase(),
      subdivision: subdivision.trim() === "" ? null : subdivision.trim().toUpperCase(),
      plan,
      channel: isOwn ? seller : "partner",
      partner: isOwn ? null : seller,
    };
    if (tenant === null) {
      const founded = await api.post<OneTimeLink & { readonly tenant: TenantRow }>("/tenants", {
        ...said,
        owner_email: email.trim(),
      });
      onSaved(founded.tenant, founded);
    } else {
      onSaved(await api.patch<TenantRow>(`/tenants/${tenant.id}`, { ...said, status }), null);
    }
  });
  const consequence = {
    active: null,
    suspended: t`While it is suspended it hosts no new meetings. Those that run go on, and nothing is lost.`,
    ended: t`Its people can neither sign in nor meet any more, and its links stop working.`,
  }[status];
  return (
    <Dialog
      title={tenant === null ? t`New tenant` : t`Change ${tenant.name}`}
      isOpen
      onClose={onClose}
      actions={
        <>
          <Button onPress={onClose}>{t`Cancel`}</Button>
          <Button
            variant={
              tenant !== null && status === "ended" && tenant.status !== "ended" ? "danger" : "primary"
            }
            type="submit"
            form={id}
            isPending={save.pending}
          >
            {tenant === null ? t`Found tenant` : t`Save`}
          </Button>
        </>
      }
    >
      <Form
        id={id}
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          void save.run();
        }}
      >
        <TextField
          label={t`Name of the organisation`}
          value={name}
          onChange={setName}
          isRequired
          autoFocus
          maxLength={100}
        />
        {tenant === null && (
          <TextField
            label={t`Email of the first owner`}
            hint={t`You get a link to hand over.`}
            type="email"
            value={email}
            onChange={setEmail}
            isRequired
          />
        )}
        <Choices
          label={t`Kind of tenant`}
          choices={KINDS.map((one) => ({ id: one, label: words.kind(one) }))}
          value={kind}
          onChange={setKind}
        />
        <div className="form__row">
          <TextField
            label={t`Country or region`}
            hint={t`ISO 3166: CN, HK, US`}
            value={country}
            onChange={setCountry}
            maxLength={2}
          />
          <TextField
            label={t`Part of it`}
            hint={t`ISO 3166-2: US-CA`}
            value={subdivision}
            onChange={setSubdivision}
            maxLength={6}
          />
        </div>
        <Select
          label={t`Sold through`}
          options={[
            ...own.map((channel) => ({ id: channel as string, label: words.channel(channel) })),
            ...offer.partners.map((partner) => ({ id: partner.code, label: partner.name })),
          ]}
          value={seller}
          onChange={setSeller}
        />
        <Select
          label={t`Plan`}
          options={offer.plans.map((one) => ({ id: one.code, label: one.name }))}
          value={plan}
          onChange={setPlan}
        />
        {tenant !== null && (
          <Choices
            label={t`Status`}
            choices={STANDINGS.map((one) => ({ id: one, label: words.standing(one) }))}
            value={status}
            onChange={setStatus}
          />
        )}
        {consequence !== null && <Note tone="warning">{consequence}</Note>}
        {save.error !== null && <Note tone="danger">{save.error}</Note>}
      </Form>
    </Dialog>
  );
}
