import { useLingui } from "@lingui/react/macro";
import { Ellipsis, Hand, Mic, MicOff, MonitorUp, UserX, Video, VideoOff } from "lucide-react";
import type { Participant, State } from "../../api/signalling.ts";
import type { Call } from "../../call/call.ts";
import { isOn, mayHost } from "../../call/state.ts";
import { Avatar } from "../../ui/Avatar.tsx";
import { IconButton } from "../../ui/Button.tsx";
import { PersonMenu } from "./PersonMenu.tsx";
import type { ScreenControl } from "./useScreen.ts";

interface PersonRowProps {
  readonly person: Participant;
  readonly speaking: boolean;
  readonly call: Call;
  readonly meeting: State;
  readonly screen: ScreenControl;
}

/** One person: who they are, what is on, and what one may do. */
export function PersonRow({ person, speaking, call, meeting, screen }: PersonRowProps) {
  const { t } = useLingui();
  const self = person.id === meeting.you;
  const host = mayHost(meeting);
  const microphone = isOn(person, "microphone");
  const camera = isOn(person, "camera");
  const participant = person.id;
  const roles = [
    self && t`me`,
    person.role === "host" && t`host`,
    person.role === "cohost" && t`co-host`,
    person.guest !== false && !self && t`guest`,
  ].filter((role): role is string => typeof role === "string");
  const icon = { size: 16, role: "img" } as const;
  return (
    <li className="person" data-speaking={(speaking && microphone) || undefined}>
      <Avatar name={person.name} size="small" />
      <span className="person__name">
        <bdi className="truncate">{person.name}</bdi>
        {roles.length > 0 && <span className="person__role">{t`(${roles.join(", ")})`}</span>}
      </span>
      <span className="person__acts">
        {host && !self && microphone && (
          <IconButton
            label={t`Mute ${person.name}`}
            size="small"
            icon={<MicOff size={16} aria-hidden="true" />}
            onPress={() => call.act({ type: "mute", participant })}
          />
        )}
        {host && !self && person.role !== "host" && (
          <IconButton
            label={t`Remove ${person.name}`}
            size="small"
            icon={<UserX size={16} aria-hidden="true" />}
            onPress={() => screen.set({ removing: participant })}
          />
        )}
        <PersonMenu
          person={person}
          call={call}
          meeting={meeting}
          screen={screen}
          trigger={
            <IconButton
              label={t`More for ${person.name}`}
              size="small"
              icon={<Ellipsis size={16} aria-hidden="true" />}
            />
          }
        />
      </span>
      <span className="person__state">
        {person.hand_raised_at && <Hand {...icon} className="person__hand" aria-label={t`Hand raised`} />}
        {isOn(person, "screen") && <MonitorUp {...icon} aria-label={t`Shares a screen`} />}
        {microphone ? (
          <Mic {...icon} aria-label={t`Microphone on`} />
        ) : (
          <MicOff {...icon} className="person__off" aria-label={t`Microphone off`} />
        )}
        {camera ? (
          <Video {...icon} aria-label={t`Video on`} />
        ) : (
          <VideoOff {...icon} className="person__off" aria-label={t`Video off`} />
        )}
      </span>
    </li>
  );
}
