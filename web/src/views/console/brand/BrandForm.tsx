import { useLingui } from "@lingui/react/macro";
import { Plus, Trash2 } from "lucide-react";
import { Form } from "react-aria-components/Form";
import { api } from "../../../api/http.ts";
import type { BrandCorrection, BrandLink, BrandView } from "../../../api/types.ts";
import { LANGUAGES } from "../../../i18n/languages.ts";
import { useAction } from "../../../shell/useAction.ts";
import { Button } from "../../../ui/Button.tsx";
import { Note } from "../../../ui/Note.tsx";
import { TextField } from "../../../ui/TextField.tsx";
import { toasts } from "../../../ui/toasts.ts";
import { ColourField } from "./ColourField.tsx";
import { type Draft, lookOf } from "./draft.ts";

interface BrandFormProps {
  readonly draft: Draft;
  readonly corrections: readonly BrandCorrection[];
  readonly onDraft: (draft: Draft) => void;
  readonly onSaved: (brand: BrandView) => void;
}

/** Everything of a brand that is written. */
export function BrandForm({ draft, corrections, onDraft, onSaved }: BrandFormProps) {
  const { t } = useLingui();
  const set = (changed: Partial<Draft>) => onDraft({ ...draft, ...changed });
  const save = useAction(async () => {
    onSaved(await api.put<BrandView>("/brands/own", lookOf(draft)));
    toasts.show(t`The brand is saved. Pages show it when they are loaded next.`);
  });
  const link = (place: number, changed: Partial<BrandLink>) =>
    set({ links: draft.links.map((one, index) => (index === place ? { ...one, ...changed } : one)) });
  return (
    <Form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        void save.run();
      }}
    >
      <h2>{t`Name and colours`}</h2>
      <TextField
        label={t`Name of the brand`}
        value={draft.name}
        onChange={(name) => set({ name })}
        isRequired
        maxLength={80}
      />
      <div className="form__row">
        <ColourField
          label={t`Accent`}
          hint={t`As #0b57d0`}
          value={draft.accent}
          fallback="#0b57d0"
          isRequired
          onChange={(accent) => set({ accent })}
        />
        <ColourField
          label={t`Accent in the dark`}
          hint={t`Empty: made from the accent`}
          value={draft.accentDark}
          fallback={draft.accent.length === 7 ? draft.accent : "#0b57d0"}
          onChange={(accentDark) => set({ accentDark })}
        />
      </div>
      {corrections.map((one) => (
        <Note key={one.field} tone="warning">
          {one.field === "accent"
            ? t`${one.asked} cannot be read on light surfaces (contrast ${one.contrast} : 1, needed 4.5 : 1). ${one.used} is used.`
            : t`${one.asked} cannot be read on dark surfaces (contrast ${one.contrast} : 1, needed 4.5 : 1). ${one.used} is used.`}
        </Note>
      ))}
      <h2>{t`Help and legal links`}</h2>
      <div className="form__row">
        <TextField
          label={t`Address of the help desk`}
          hint={t`https://…`}
          value={draft.supportUrl}
          onChange={(supportUrl) => set({ supportUrl })}
        />
        <TextField
          label={t`Email of the help desk`}
          type="email"
          value={draft.supportEmail}
          onChange={(supportEmail) => set({ supportEmail })}
        />
      </div>
      {draft.links.map((one, place) => (
        // The place is what a link is: two may say the same while they are written.
        // biome-ignore lint/suspicious/noArrayIndexKey: above
        <div className="brand-page__link" key={place}>
          <TextField
            label={t`Words of the link`}
            hint={t`Terms, privacy, an ICP number`}
            value={one.label}
            onChange={(label) => link(place, { label })}
          />
          <TextField label={t`Where it leads`} value={one.url} onChange={(url) => link(place, { url })} />
          <Button
            variant="quiet"
            icon={<Trash2 size={20} aria-hidden="true" />}
            onPress={() => set({ links: draft.links.filter((_, index) => index !== place) })}
          >
            {t`Remove the link ${one.label}`}
          </Button>
        </div>
      ))}
      {draft.links.length < 8 && (
        <Button
          icon={<Plus size={20} aria-hidden="true" />}
          onPress={() => set({ links: [...draft.links, { label: "", url: "" }] })}
        >
          {t`Add a link`}
        </Button>
      )}
      <h2>{t`Mail`}</h2>
      <div className="form__row">
        <TextField
          label={t`Name of the sender`}
          hint={t`Empty: the name of the brand`}
          value={draft.mailName}
          onChange={(mailName) => set({ mailName })}
          maxLength={80}
        />
        <TextField
          label={t`Address of the sender`}
          hint={t`At a domain of your host names`}
          type="email"
          value={draft.mailAddress}
          onChange={(mailAddress) => set({ mailAddress })}
        />
      </div>
      {LANGUAGES.map(({ id, label }) => (
        <TextField
          key={id}
          label={t`Below each mail (${label})`}
          rows={2}
          value={draft.footer[id] ?? ""}
          onChange={(text) => set({ footer: { ...draft.footer, [id]: text } })}
        />
      ))}
      {save.error !== null && <Note tone="danger">{save.error}</Note>}
      <div className="split__actions">
        <Button variant="primary" type="submit" isPending={save.pending}>
          {t`Save`}
        </Button>
      </div>
    </Form>
  );
}
