import { getLocalTimeZone } from "@internationalized/date";
import { useLingui } from "@lingui/react/macro";
import { useId, useState } from "react";
import { Form } from "react-aria-components/Form";
import type { Channel, MarketDecision, MarketRule, MarketVerb, TenantKind } from "../../../api/types.ts";
import { LANGUAGES } from "../../../i18n/languages.ts";
import { useAction } from "../../../shell/useAction.ts";
import { Button } from "../../../ui/Button.tsx";
import { Choices } from "../../../ui/Choices.tsx";
import { DateField } from "../../../ui/DateField.tsx";
import { Dialog } from "../../../ui/Dialog.tsx";
import { ManyChoices } from "../../../ui/ManyChoices.tsx";
import { Note } from "../../../ui/Note.tsx";
import { TextField } from "../../../ui/TextField.tsx";
import { useMarketWords } from "../useMarketWords.ts";
import { formOf, NEW_RULE, type RuleForm, ruleOf } from "./edits.ts";

const VERBS: readonly MarketVerb[] = ["register", "host", "join", "buy", "upgrade", "renew", "support"];
const KINDS: readonly TenantKind[] = ["personal", "enterprise"];
const CHANNELS: readonly Channel[] = ["direct", "online", "partner"];
const DECISIONS: readonly MarketDecision[] = ["allow", "deny"];

interface RuleDialogProps {
  /** Null for a new one. */
  readonly rule: MarketRule | null;
  readonly onClose: () => void;
  readonly onSave: (rule: MarketRule) => Promise<void>;
}

/** One rule of a draft as a form. */
export function RuleDialog({ rule, onClose, onSave }: RuleDialogProps) {
  const { t } = useLingui();
  const words = useMarketWords();
  const id = useId();
  const [zone] = useState(getLocalTimeZone);
  const [form, setForm] = useState<RuleForm>(() => formOf(rule ?? NEW_RULE, zone));
  const set = (change: Partial<RuleForm>) => setForm({ ...form, ...change });
  const save = useAction(() => onSave(ruleOf(form, zone)));
  const named = <Id extends string>(ids: readonly Id[], name: (id: Id) => string) =>
    ids.map((one) => ({ id: one, label: name(one) }));
  const anyHint = t`None chosen: any.`;
  return (
    <Dialog
      title={rule === null ? t`New rule` : t`Change a rule`}
      size="wide"
      isOpen
      onClose={onClose}
      actions={
        <>
          <Button onPress={onClose}>{t`Cancel`}</Button>
          <Button variant="primary" type="submit" form={id} isPending={save.pending}>
            {t`Save`}
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
          label={t`Name of the rule`}
          hint={t`Letters, digits, dots and dashes; people are told it when the rule refuses them.`}
          value={form.id}
          onChange={(value) => set({ id: value })}
          isRequired
          autoFocus
          maxLength={64}
        />
        <Choices
          label={t`Decision`}
          choices={named(DECISIONS, words.decision)}
          value={form.decision}
          onChange={(decision) => set({ decision })}
        />
        <ManyChoices
          label={t`About`}
          choices={named(VERBS, words.verb)}
          value={form.verbs}
          onChange={(verbs) => set({ verbs })}
          isRequired
        />
        <div className="form__row">
          <DateField
            label={t`From`}
            granularity="minute"
            value={form.from}
            onChange={(from) => set({ from })}
          />
          <DateField
            label={t`Until`}
            granularity="minute"
            value={form.until}
            onChange={(until) => set({ until })}
          />
        </div>
        <p className="muted small">{t`Times are those of ${zone}. Empty: without a beginning, without an end.`}</p>
        <TextField
          label={t`Countries and regions`}
          hint={t`Codes of ISO 3166 or names of groups, with commas: CN, HK, EU. CN is the mainland alone. Empty: any.`}
          value={form.countries}
          onChange={(countries) => set({ countries })}
        />
        <ManyChoices
          label={t`Kind of tenant`}
          hint={anyHint}
          choices={named(KINDS, words.kind)}
          value={form.kinds}
          onChange={(kinds) => set({ kinds })}
        />
        <ManyChoices
          label={t`Channel`}
          hint={anyHint}
          choices={named(CHANNELS, words.channel)}
          value={form.channels}
          onChange={(channels) => set({ channels })}
        />
        <div className="form__row">
          <TextField label={t`Plans`} value={form.plans} onChange={(plans) => set({ plans })} />
          <TextField label={t`Partners`} value={form.partners} onChange={(partners) => set({ partners })} />
        </div>
        {form.decision === "deny" && (
          <TextField
            label={t`Partners to offer instead`}
            value={form.offers}
            onChange={(offers) => set({ offers })}
          />
        )}
        {LANGUAGES.map((language) => (
          <TextField
            key={language.id}
            label={t`What people read (${language.label})`}
            value={form.message[language.id] ?? ""}
            onChange={(sentence) => set({ message: { ...form.message, [language.id]: sentence } })}
            rows={2}
          />
        ))}
        {save.error !== null && <Note tone="danger">{save.error}</Note>}
      </Form>
    </Dialog>
  );
}
