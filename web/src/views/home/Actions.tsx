import { useLingui } from "@lingui/react/macro";
import { CalendarPlus, ChevronDown, Plus, ScreenShare, Video } from "lucide-react";
import { type ReactNode, useState } from "react";
import { Button as AriaButton } from "react-aria-components/Button";
import type { Me } from "../../api/types.ts";
import { go } from "../../shell/navigation.ts";
import { useAction } from "../../shell/useAction.ts";
import { Menu, MenuItem, MenuSection } from "../../ui/Menu.tsx";
import { Note } from "../../ui/Note.tsx";
import { startNewMeeting, startPersonalRoom } from "../meetings/start.ts";
import { readStartChoices, rememberStartChoices } from "./choices.ts";
import { ShareDialog } from "./ShareDialog.tsx";

/** New meeting, Join, Schedule, Share screen: where people of Zoom look for them. */
export function Actions({ me }: { readonly me: Me }) {
  const { t } = useLingui();
  const [choices, setChoices] = useState(readStartChoices);
  const [sharing, setSharing] = useState(false);
  const title = t`${me.name}’s meeting`;
  const start = useAction(() =>
    choices.personal ? startPersonalRoom(me, choices) : startNewMeeting(me, title, choices),
  );
  const chosen = [choices.video ? "video" : "", choices.personal ? "personal" : ""].filter(Boolean);
  return (
    <div className="home__actions">
      <div className="actions">
        <div className="action action--start">
          <Action
            label={t`New meeting`}
            tone="start"
            icon={<Video size={40} aria-hidden="true" />}
            isPending={start.pending}
            onPress={() => void start.run()}
          />
          <Menu
            label={t`Options for a new meeting`}
            trigger={
              <AriaButton className="action__more" aria-label={t`Options for a new meeting`}>
                <ChevronDown size={16} aria-hidden="true" />
              </AriaButton>
            }
          >
            <MenuSection
              title={t`New meeting`}
              many
              selected={chosen}
              onSelect={(ids) => {
                const next = { video: ids.includes("video"), personal: ids.includes("personal") };
                rememberStartChoices(next);
                setChoices(next);
              }}
            >
              <MenuItem id="video">{t`Start with video`}</MenuItem>
              <MenuItem id="personal" hint={t`The same link every time`}>
                {t`Use my personal room`}
              </MenuItem>
            </MenuSection>
          </Menu>
        </div>
        <Action label={t`Join`} icon={<Plus size={40} aria-hidden="true" />} onPress={() => go("/join")} />
        <Action
          label={t`Schedule`}
          icon={<CalendarPlus size={40} aria-hidden="true" />}
          onPress={() => go("/meetings?schedule")}
        />
        <Action
          label={t`Share screen`}
          icon={<ScreenShare size={40} aria-hidden="true" />}
          onPress={() => setSharing(true)}
        />
      </div>
      {start.error !== null && <Note tone="danger">{start.error}</Note>}
      <ShareDialog isOpen={sharing} onClose={() => setSharing(false)} me={me} />
    </div>
  );
}

interface ActionProps {
  readonly label: string;
  readonly icon: ReactNode;
  readonly tone?: "start" | "plain";
  readonly isPending?: boolean;
  readonly onPress: () => void;
}

function Action({ label, icon, tone = "plain", isPending = false, onPress }: ActionProps) {
  const button = (
    <AriaButton className="action__button" data-tone={tone} isPending={isPending} onPress={onPress}>
      <span className="action__tile">{icon}</span>
      <span className="action__label">{label}</span>
    </AriaButton>
  );
  return tone === "start" ? button : <div className="action">{button}</div>;
}
