import { useLingui } from "@lingui/react/macro";
import { useId, useState } from "react";
import { Form } from "react-aria-components/Form";
import { api, idempotencyKey } from "../../api/http.ts";
import type { Me, MeetingObject } from "../../api/types.ts";
import { useAction } from "../../shell/useAction.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Note } from "../../ui/Note.tsx";
import { TextField } from "../../ui/TextField.tsx";
import { draftOf, endsBeforeStart, newDraft, requestOf } from "./draft.ts";
import { ScheduleSecurity } from "./ScheduleSecurity.tsx";
import { ScheduleTime } from "./ScheduleTime.tsx";
import { localZone } from "./zones.ts";

interface ScheduleDialogProps {
  readonly me: Me;
  /** The meeting to change, or null for a new one. */
  readonly meeting: MeetingObject | null;
  readonly onClose: () => void;
  readonly onSaved: (meeting: MeetingObject) => void;
}

/** The form of a meeting: what, when, how often, and who may do what. */
export default function ScheduleDialog({ me, meeting, onClose, onSaved }: ScheduleDialogProps) {
  const { t } = useLingui();
  const form = useId();
  const [key] = useState(idempotencyKey);
  const [draft, setDraft] = useState(() =>
    meeting === null
      ? { ...newDraft(localZone()), title: t`${me.name}’s meeting` }
      : draftOf(meeting, localZone()),
  );
  const save = useAction(async () => {
    const request = requestOf(draft, meeting);
    onSaved(
      meeting === null
        ? await api.post<MeetingObject>("/meetings", request, { idempotencyKey: key })
        : await api.patch<MeetingObject>(`/meetings/${encodeURIComponent(meeting.id)}`, request),
    );
  });
  const impossible = endsBeforeStart(draft) ? t`The last day lies before the first.` : undefined;
  return (
    <Dialog
      title={meeting === null ? t`Schedule a meeting` : t`Edit meeting`}
      isOpen
      onClose={onClose}
      size="wide"
      actions={
        <>
          <Button onPress={onClose}>{t`Cancel`}</Button>
          <Button
            variant="primary"
            type="submit"
            form={form}
            isPending={save.pending}
            isDisabled={impossible !== undefined}
          >
            {t`Save`}
          </Button>
        </>
      }
    >
      <Form
        id={form}
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          void save.run();
        }}
      >
        <TextField
          label={t`Title`}
          value={draft.title}
          onChange={(title) => setDraft({ ...draft, title })}
          maxLength={200}
          isRequired
          autoFocus
        />
        {(meeting === null || meeting.kind === "scheduled") && (
          <ScheduleTime
            draft={draft}
            onChange={setDraft}
            untilError={impossible}
            customRule={meeting?.recurrence ?? null}
          />
        )}
        <ScheduleSecurity draft={draft} onChange={setDraft} />
        {save.error !== null && <Note tone="danger">{save.error}</Note>}
      </Form>
    </Dialog>
  );
}
