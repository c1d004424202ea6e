import { useLingui } from "@lingui/react/macro";
import { type FormEvent, useEffect, useState } from "react";
import { ApiError, api } from "../../api/http.ts";
import type { Joined } from "../../api/types.ts";
import { type Invitation, spokenNumber } from "../../call/entry.ts";
import { useDevices, useTheCall } from "../../call/hooks.ts";
import { errorText } from "../../i18n/errors.ts";
import { go } from "../../shell/navigation.ts";
import { Button } from "../../ui/Button.tsx";
import { Note } from "../../ui/Note.tsx";
import { TextField } from "../../ui/TextField.tsx";
import { DevicePickers } from "./DevicePickers.tsx";
import { EarlyGuest, isEarly } from "./EarlyGuest.tsx";
import { Preview } from "./Preview.tsx";

interface DeviceCheckProps {
  readonly invitation: Invitation;
  readonly onBack?: () => void;
}

/** One's own picture, devices and name; one click enters. */
export function DeviceCheck({ invitation, onBack }: DeviceCheckProps) {
  const { t, i18n } = useLingui();
  const call = useTheCall();
  const { preferences } = useDevices(call);
  const [name, setName] = useState(preferences.name);
  const [passcode, setPasscode] = useState(invitation.passcode ?? "");
  const byNumber = /^\d{9,11}$/.test(invitation.meeting);
  const [asksPasscode, setAsksPasscode] = useState(byNumber);
  const [pending, setPending] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const [waiting, setWaiting] = useState(false);

  useEffect(() => {
    const { joinMuted, joinWithoutVideo } = call.devices.preferences;
    // The offer is made after the question for devices: only then does the browser tell all of its network addresses.
    void call.local.begin(!joinMuted, !joinWithoutVideo).then(() => call.prepare());
    void call.devices.refresh();
  }, [call]);

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (pending || name.trim() === "") return;
    setPending(true);
    setFailure(null);
    const { microphone, camera } = call.local.getSnapshot();
    call.devices.prefer({
      name: name.trim(),
      // Something that could not be opened is not a choice.
      ...(microphone.problem === null && { joinMuted: !microphone.on }),
      ...(camera.problem === null && { joinWithoutVideo: !camera.on }),
    });
    await enter(ask);
  };

  const ask = async (): Promise<string> => {
    const joined = await api.post<Joined>("/join", {
      meeting: invitation.meeting,
      name: name.trim(),
      ...(passcode.trim() !== "" && { passcode: passcode.replace(/\s/g, "") }),
    });
    return joined.ticket;
  };

  const enter = async (ticket: () => Promise<string>): Promise<void> => {
    try {
      await call.join(ticket);
      go("/meeting", { replace: true });
    } catch (error) {
      refuse(error);
    }
  };

  const refuse = (error: unknown): void => {
    setPending(false);
    setWaiting(isEarly(error));
    if (isEarly(error)) return;
    setFailure(error);
    // Only the passcode can be mended here: a link without its end lacks it, an old one has the old one.
    if (error instanceof ApiError && error.code === "join_refused") setAsksPasscode(true);
  };

  return (
    <div className="check">
      <h1 className="visually-hidden">{t`Check your camera and microphone`}</h1>
      <Preview call={call} name={name} />
      {waiting ? (
        <EarlyGuest
          call={call}
          ask={ask}
          onTicket={(ticket) => void enter(async () => ticket)}
          onRefused={refuse}
          onStop={() => setWaiting(false)}
        />
      ) : (
        <form className="check__form form" onSubmit={(event) => void submit(event)}>
          <h2>{byNumber ? t`Meeting ${spokenNumber(invitation.meeting)}` : t`Ready to join?`}</h2>
          <TextField
            label={t`Your name`}
            size="large"
            value={name}
            onChange={setName}
            maxLength={80}
            isRequired
            autoComplete="name"
            autoFocus={name === ""}
          />
          {asksPasscode && (
            <TextField
              label={t`Passcode`}
              size="large"
              value={passcode}
              onChange={setPasscode}
              inputMode="numeric"
              autoComplete="off"
              maxLength={20}
              hint={t`It stands in your invitation, below the meeting number.`}
            />
          )}
          <DevicePickers call={call} />
          {failure !== null && <Note tone="danger">{errorText(i18n, failure)}</Note>}
          <Button
            type="submit"
            variant="primary"
            size="large"
            wide
            isPending={pending}
            isDisabled={name.trim() === ""}
          >
            {t`Join`}
          </Button>
          {onBack !== undefined && (
            <Button variant="quiet" onPress={onBack} wide>
              {t`Another meeting`}
            </Button>
          )}
        </form>
      )}
    </div>
  );
}
