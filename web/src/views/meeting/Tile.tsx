import { useLingui } from "@lingui/react/macro";
import { Ellipsis, Hand, MicOff, MonitorUp, Pin, Signal } from "lucide-react";
import { useEffect, useRef } from "react";
import type { Participant, State } from "../../api/signalling.ts";
import type { Placed } from "../../call/arrange.ts";
import type { Call } from "../../call/call.ts";
import { useDevices, useLocal } from "../../call/hooks.ts";
import { pictureKey } from "../../call/stage.ts";
import { isOn } from "../../call/state.ts";
import type { CallView } from "../../call/view.ts";
import { Avatar } from "../../ui/Avatar.tsx";
import { IconButton } from "../../ui/Button.tsx";
import { OwnConnection } from "./OwnConnection.tsx";
import { PersonMenu } from "./PersonMenu.tsx";
import { ReactionBubble } from "./ReactionBubble.tsx";
import "./tile.css";
import { ShareViewer } from "./ShareViewer.tsx";
import type { ScreenControl } from "./useScreen.ts";

/** Where the initials leave no line below them, only a screen reader says why there is no picture. */
const NOTE_HEIGHT = 180;

interface TileProps {
  readonly tile: Placed;
  readonly person: Participant;
  readonly call: Call;
  readonly view: CallView;
  readonly meeting: State;
  readonly screen: ScreenControl;
}

/** One person's picture, or their shared screen. */
export function Tile({ tile, person, call, view, meeting, screen }: TileProps) {
  const { t } = useLingui();
  const { preferences } = useDevices(call);
  const { camera } = useLocal(call);
  const video = useRef<HTMLVideoElement>(null);
  const self = person.id === meeting.you;
  const shared = tile.source === "screen";
  const muted = !isOn(person, "microphone");
  const showsPicture = self ? camera.on : isOn(person, tile.source);
  const speaking = !shared && view.speakers.includes(person.id) && !muted;
  const pinned = screen.pinned === person.id && !shared;

  useEffect(() => {
    if (video.current === null || !showsPicture) return;
    return call.stage.attach(pictureKey(person.id, tile.source), video.current);
  }, [call, person.id, tile.source, showsPicture]);

  const states = [
    self && t`you`,
    muted && !shared && t`muted`,
    speaking && t`speaking`,
    person.hand_raised_at && t`hand raised`,
    person.reconnecting && t`reconnecting`,
  ].filter((state): state is string => typeof state === "string" && state !== "");
  const name = shared ? t`${person.name}, shared screen` : person.name;
  const { x, y, width, height } = tile.rect;
  const picture = <video ref={video} autoPlay playsInline muted />;
  const note = height < NOTE_HEIGHT ? "tile__note visually-hidden" : "tile__note";

  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is of forms; tiles are groups by contract
    <div
      role="group"
      aria-label={[name, ...states].join(", ")}
      className="tile"
      data-source={tile.source}
      data-large={tile.large || undefined}
      data-speaking={speaking || undefined}
      data-mirrored={(self && !shared && preferences.mirror && preferences.facing === "user") || undefined}
      data-away={person.reconnecting || undefined}
      style={{ transform: `translate(${x}px, ${y}px)`, width, height }}
    >
      {!shared && (
        <div className="tile__avatar">
          <Avatar name={person.name} size="tile" />
        </div>
      )}
      {shared ? <ShareViewer>{picture}</ShareViewer> : picture}
      <p className={note} data-picture="undecodable">{t`Your browser cannot show this picture.`}</p>
      <p className={note} data-picture="paused">{t`Your connection has no room for this picture.`}</p>
      <ReactionBubble
        reactions={shared ? [] : view.reactions.filter(({ participant }) => participant === person.id)}
      />
      {person.hand_raised_at && !shared && (
        <span className="tile__hand">
          <Hand size={20} aria-hidden="true" />
        </span>
      )}
      <div className="tile__name">
        {muted && !shared && <MicOff className="tile__muted" size={16} aria-hidden="true" />}
        {shared && <MonitorUp size={16} aria-hidden="true" />}
        {pinned && <Pin size={16} aria-hidden="true" />}
        {self && !shared && <OwnConnection call={call} />}
        {person.reconnecting && <Signal className="tile__weak" size={16} aria-hidden="true" />}
        <bdi className="truncate">{name}</bdi>
      </div>
      {!shared && (
        <div className="tile__menu">
          <PersonMenu
            person={person}
            call={call}
            meeting={meeting}
            screen={screen}
            trigger={
              <IconButton
                label={t`More for ${person.name}`}
                size="small"
                variant="secondary"
                icon={<Ellipsis size={16} aria-hidden="true" />}
              />
            }
          />
        </div>
      )}
    </div>
  );
}
