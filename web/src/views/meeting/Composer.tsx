import { useLingui } from "@lingui/react/macro";
import { SendHorizontal } from "lucide-react";
import { type FormEvent, type KeyboardEvent, useState } from "react";
import type { Partners } from "../../call/chat.ts";
import { Button } from "../../ui/Button.tsx";
import { Select } from "../../ui/Select.tsx";
import { TextField } from "../../ui/TextField.tsx";

interface ComposerProps {
  readonly partners: Partners;
  readonly to: string | null;
  readonly onTo: (participant: string | null) => void;
  readonly restricted: "everyone" | "host" | "off";
  readonly onSend: (text: string, to: string | null) => void;
}

/** To whom, and what. Enter sends, Shift+Enter begins a line; Enter that ends a Chinese word does neither. */
export function Composer({ partners, to, onTo, restricted, onSend }: ComposerProps) {
  const { t } = useLingui();
  const [text, setText] = useState("");
  const { everyone, people } = partners;
  if (!everyone && people.length === 0) {
    return (
      <p className="panel__foot composer__closed">
        {restricted === "off"
          ? t`The host has turned chat off.`
          : t`You can write to hosts only, and none is here.`}
      </p>
    );
  }
  const chosen = people.some(({ id }) => id === to) ? (to ?? "") : everyone ? "" : (people[0]?.id ?? "");
  const options = [
    ...(everyone ? [{ id: "", label: t`Everyone` }] : []),
    ...people.map(({ id, name }) => ({ id, label: name })),
  ];
  const send = (): void => {
    if (text.trim() === "") return;
    onSend(text.trim(), chosen === "" ? null : chosen);
    setText("");
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    send();
  };
  const press = (event: KeyboardEvent): void => {
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  };
  return (
    <form
      className="composer"
      onSubmit={submit}
      onKeyDownCapture={(event) => isText(event.target) && press(event)}
    >
      {restricted === "host" && !everyone && (
        <p className="composer__hint">{t`You can write to hosts only.`}</p>
      )}
      <Select label={t`To`} options={options} value={chosen} onChange={(id) => onTo(id === "" ? null : id)} />
      <div className="composer__line">
        <TextField
          label={t`Message`}
          rows={2}
          value={text}
          onChange={setText}
          maxLength={4000}
          autoComplete="off"
        />
        <Button
          type="submit"
          variant="primary"
          isDisabled={text.trim() === ""}
          icon={<SendHorizontal size={16} aria-hidden="true" />}
        >
          {t`Send`}
        </Button>
      </div>
    </form>
  );
}

function isText(target: EventTarget): boolean {
  return target instanceof HTMLTextAreaElement;
}
