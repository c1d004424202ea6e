import { useLingui } from "@lingui/react/macro";
import { useId } from "react";
import type { Waiting } from "../../api/signalling.ts";
import type { Call } from "../../call/call.ts";
import { Avatar } from "../../ui/Avatar.tsx";
import { Button } from "../../ui/Button.tsx";

interface LobbySectionProps {
  readonly call: Call;
  readonly waiting: readonly Waiting[];
}

/** Who waits to be let in, first come first. */
export function LobbySection({ call, waiting }: LobbySectionProps) {
  const { t } = useLingui();
  return (
    <section className="lobby" aria-label={t`Lobby`}>
      <div className="lobby__head">
        <h3>{t`In the lobby (${waiting.length})`}</h3>
        {waiting.length > 1 && (
          <Button size="small" onPress={() => call.act({ type: "admit" })}>
            {t`Admit all`}
          </Button>
        )}
      </div>
      <ul className="people">
        {waiting.map((person) => (
          <WaitingRow key={person.id} person={person} call={call} />
        ))}
      </ul>
    </section>
  );
}

function WaitingRow({ person, call }: { readonly person: Waiting; readonly call: Call }) {
  const { t } = useLingui();
  const id = useId();
  const participant = person.id;
  return (
    <li className="person">
      <Avatar name={person.name} size="small" />
      <span className="person__name" id={id}>
        <bdi className="truncate">{person.name}</bdi>
      </span>
      <Button
        size="small"
        variant="primary"
        aria-describedby={id}
        onPress={() => call.act({ type: "admit", participant })}
      >
        {t`Admit`}
      </Button>
      <Button
        size="small"
        variant="quiet"
        aria-label={t`Remove ${person.name}`}
        onPress={() => call.act({ type: "remove", participant })}
      >
        {t`Remove`}
      </Button>
    </li>
  );
}
