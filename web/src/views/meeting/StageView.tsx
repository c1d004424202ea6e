import { useLingui } from "@lingui/react/macro";
import { ChevronLeft, ChevronRight } from "lucide-react";
import { type PointerEvent, useEffect, useMemo, useRef } from "react";
import type { State } from "../../api/signalling.ts";
import { arrange, PAGE_SIZE, wantedTiles } from "../../call/arrange.ts";
import type { Call } from "../../call/call.ts";
import { isPhone } from "../../call/environment.ts";
import { useDevices } from "../../call/hooks.ts";
import { isOn, sharersOf, shownSharer } from "../../call/state.ts";
import type { CallView } from "../../call/view.ts";
import { IconButton } from "../../ui/Button.tsx";
import { Tile } from "./Tile.tsx";
import type { ScreenControl } from "./useScreen.ts";
import { useStageSize } from "./useStageSize.ts";

/** A finger that moved this far sideways meant the next page. */
const SWIPE_PIXELS = 60;

interface StageViewProps {
  readonly call: Call;
  readonly view: CallView;
  readonly meeting: State;
  readonly screen: ScreenControl;
}

/** The pictures. React places the tiles; the pictures themselves are attached by the call's stage. */
export function StageView({ call, view, meeting, screen }: StageViewProps) {
  const { t } = useLingui();
  const { preferences } = useDevices(call);
  const element = useRef<HTMLDivElement>(null);
  const stage = useStageSize(element);
  const touched = useRef<number | null>(null);
  const { you, participants } = meeting;
  const people = useMemo(() => new Map(participants.map((person) => [person.id, person])), [participants]);
  const order = useMemo(
    () =>
      view.order.filter((id) => people.has(id) && !(preferences.hideSelf && id === you && people.size > 1)),
    [view.order, people, preferences.hideSelf, you],
  );
  const sharer = shownSharer(sharersOf(meeting), screen.sharer);
  const pageSize = isPhone() ? PAGE_SIZE.phone : PAGE_SIZE.desktop;
  const arrangement = useMemo(
    () =>
      arrange({
        you,
        order,
        view: preferences.view,
        pinned: screen.pinned,
        spotlight: meeting.meeting.spotlight ?? null,
        active: view.active,
        sharer,
        page: screen.page,
        pageSize,
        stage,
      }),
    [
      you,
      order,
      preferences.view,
      screen.pinned,
      meeting.meeting.spotlight,
      view.active,
      sharer,
      screen.page,
      pageSize,
      stage,
    ],
  );
  useEffect(() => {
    if (stage.width === 0) return;
    const shows = (id: string, source: "camera" | "screen"): boolean => {
      const person = people.get(id);
      return person !== undefined && isOn(person, source);
    };
    call.show(wantedTiles(arrangement.tiles, you, shows, devicePixelRatio), pageSize);
  }, [call, arrangement, you, people, stage, pageSize]);

  const turn = (by: number): void => screen.set({ page: arrangement.page + by });
  const endSwipe = (event: PointerEvent): void => {
    const from = touched.current;
    touched.current = null;
    if (from === null || arrangement.pages < 2) return;
    const moved = event.clientX - from;
    if (Math.abs(moved) >= SWIPE_PIXELS) turn(moved < 0 ? 1 : -1);
  };

  return (
    <div
      className="stage"
      onPointerDown={(event) => {
        touched.current = event.pointerType === "touch" ? event.clientX : null;
      }}
      onPointerUp={endSwipe}
    >
      <div className="stage__tiles" ref={element}>
        {arrangement.tiles.map((tile) => {
          const person = people.get(tile.participant);
          return (
            person && (
              <Tile
                key={`${tile.participant}/${tile.source}`}
                tile={tile}
                person={person}
                call={call}
                view={view}
                meeting={meeting}
                screen={screen}
              />
            )
          );
        })}
      </div>
      {arrangement.page > 0 && (
        <div className="stage__turn" data-side="left">
          <IconButton
            label={t`Previous page`}
            icon={<ChevronLeft size={24} aria-hidden="true" />}
            onPress={() => turn(-1)}
          />
        </div>
      )}
      {arrangement.page < arrangement.pages - 1 && (
        <div className="stage__turn" data-side="right">
          <IconButton
            label={t`Next page`}
            icon={<ChevronRight size={24} aria-hidden="true" />}
            onPress={() => turn(1)}
          />
        </div>
      )}
    </div>
  );
}
