import { plural } from "@lingui/core/macro";
import { useLingui } from "@lingui/react/macro";
import { MicOff, UserPlus, X } from "lucide-react";
import { useState } from "react";
import type { State } from "../../api/signalling.ts";
import type { Call } from "../../call/call.ts";
import { matches, sorted } from "../../call/roster.ts";
import { mayHost } from "../../call/state.ts";
import type { CallView } from "../../call/view.ts";
import { Button, IconButton } from "../../ui/Button.tsx";
import { TextField } from "../../ui/TextField.tsx";
import { LobbySection } from "./LobbySection.tsx";
import { PersonRow } from "./PersonRow.tsx";
import type { ScreenControl } from "./useScreen.ts";
import "./panel.css";

/** From how many people on one looks for a name. */
const MANY = 8;

interface ParticipantsPanelProps {
  readonly call: Call;
  readonly view: CallView;
  readonly meeting: State;
  readonly screen: ScreenControl;
}

/** Who is here: hands first, then who speaks, then by name; the lobby above them. */
export function ParticipantsPanel({ call, view, meeting, screen }: ParticipantsPanelProps) {
  const { t, i18n } = useLingui();
  const [search, setSearch] = useState("");
  const { participants, waiting } = meeting;
  const host = mayHost(meeting);
  const shown = sorted(participants, meeting.you, view.speakers, i18n.locale).filter(({ name }) =>
    matches(name, search),
  );
  return (
    <aside className="panel" aria-label={t`Participants`}>
      <div className="panel__head">
        <h2>{t`Participants (${participants.length})`}</h2>
        <IconButton
          label={t`Close`}
          size="small"
          icon={<X size={20} aria-hidden="true" />}
          onPress={() => screen.set({ panel: null })}
        />
      </div>
      <div className="panel__body">
        {host && waiting.length > 0 && <LobbySection call={call} waiting={waiting} />}
        {participants.length >= MANY && (
          <div className="panel__search">
            <TextField
              label={t`Find somebody`}
              value={search}
              onChange={setSearch}
              type="search"
              autoComplete="off"
            />
          </div>
        )}
        <ul
          className="people"
          aria-label={plural(participants.length, { one: "# participant", other: "# participants" })}
        >
          {shown.map((person) => (
            <PersonRow
              key={person.id}
              person={person}
              speaking={view.speakers.includes(person.id)}
              call={call}
              meeting={meeting}
              screen={screen}
            />
          ))}
        </ul>
        {shown.length === 0 && <p className="panel__empty">{t`Nobody here has this name.`}</p>}
      </div>
      <div className="panel__foot">
        <Button
          icon={<UserPlus size={16} aria-hidden="true" />}
          onPress={() => screen.set({ dialog: "invite" })}
        >
          {t`Invite`}
        </Button>
        {host && (
          <Button icon={<MicOff size={16} aria-hidden="true" />} onPress={() => call.act({ type: "mute" })}>
            {t`Mute all`}
          </Button>
        )}
      </div>
    </aside>
  );
}
