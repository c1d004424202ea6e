import { useLingui } from "@lingui/react/macro";
import { type FormEvent, useState } from "react";
import { theDevices } from "../../call/browser.ts";
import { type Invitation, parseInvitation } from "../../call/entry.ts";
import { Button } from "../../ui/Button.tsx";
import { TextField } from "../../ui/TextField.tsx";

/** Which meeting, by its number or its link. */
export function EnterInvitation({ onEnter }: { readonly onEnter: (invitation: Invitation) => void }) {
  const { t } = useLingui();
  const devices = theDevices();
  const [text, setText] = useState("");
  const [name, setName] = useState(devices.preferences.name);
  const [wrong, setWrong] = useState(false);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const invitation = parseInvitation(text);
    if (invitation === null) {
      setWrong(true);
      return;
    }
    devices.prefer({ name: name.trim() });
    onEnter(invitation);
  };
  return (
    <div className="enter">
      <h1>{t`Join a meeting`}</h1>
      <form className="form" onSubmit={submit}>
        <TextField
          label={t`Meeting number or link`}
          size="large"
          value={text}
          onChange={(value) => {
            setText(value);
            setWrong(false);
          }}
          error={
            wrong ? t`A number has 9 to 11 digits; a link looks like the one in your invitation.` : undefined
          }
          autoFocus
          autoComplete="off"
          inputMode="url"
        />
        <TextField
          label={t`Your name`}
          size="large"
          value={name}
          onChange={setName}
          maxLength={80}
          autoComplete="name"
        />
        <Button type="submit" variant="primary" size="large" wide isDisabled={text.trim() === ""}>
          {t`Join`}
        </Button>
      </form>
    </div>
  );
}
