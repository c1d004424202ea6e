import { useLingui } from "@lingui/react/macro";
import { Activity, Bell, Ellipsis, Expand, Keyboard, UserPlus } from "lucide-react";
import type { State } from "../../api/signalling.ts";
import type { Call } from "../../call/call.ts";
import { useDevices } from "../../call/hooks.ts";
import { mayHost } from "../../call/state.ts";
import { Menu, MenuItem, MenuLine, MenuSection } from "../../ui/Menu.tsx";
import { shortcutKeys } from "./shortcuts.ts";
import { ToolbarButton } from "./ToolbarButton.tsx";
import { toggleFullScreen } from "./full-screen.ts";
import type { ScreenControl } from "./useScreen.ts";

interface MoreMenuProps {
  readonly call: Call;
  readonly meeting: State;
  readonly screen: ScreenControl;
}

/** What is needed seldom; for hosts, the meeting's rules. */
export function MoreMenu({ call, meeting, screen }: MoreMenuProps) {
  const { t } = useLingui();
  const { preferences } = useDevices(call);
  const { share = "one", chat = "everyone", lobby = true, mute_on_entry = false } = meeting.meeting;
  const open = (dialog: "statistics" | "shortcuts" | "invite") => () => screen.set({ dialog });
  return (
    <Menu
      label={t`More`}
      placement="top"
      trigger={<ToolbarButton label={t`More`} icon={<Ellipsis size={20} aria-hidden="true" />} />}
    >
      <MenuItem icon={<UserPlus size={16} />} onAction={open("invite")}>{t`Invite`}</MenuItem>
      <MenuItem icon={<Activity size={16} />} onAction={open("statistics")}>{t`Statistics`}</MenuItem>
      <MenuItem icon={<Keyboard size={16} />} keys={shortcutKeys("help")} onAction={open("shortcuts")}>
        {t`Keyboard shortcuts`}
      </MenuItem>
      <MenuItem icon={<Expand size={16} />} onAction={() => void toggleFullScreen()}>
        {t`Full screen`}
      </MenuItem>
      <MenuItem icon={<Bell size={16} />} onAction={() => call.devices.prefer({ sounds: !preferences.sounds })}>
        {preferences.sounds ? t`Turn sounds off` : t`Turn sounds on`}
      </MenuItem>
      {mayHost(meeting) && (
        <>
          <MenuLine />
          <MenuSection
            title={t`Who may share`}
            selected={[share]}
            onSelect={([value]) => call.change({ share: value as "one" | "many" | "host" })}
          >
            <MenuItem id="one">{t`One at a time`}</MenuItem>
            <MenuItem id="many">{t`Several at once`}</MenuItem>
            <MenuItem id="host">{t`Only hosts`}</MenuItem>
          </MenuSection>
          <MenuSection
            title={t`Participants may chat with`}
            selected={[chat]}
            onSelect={([value]) => call.change({ chat: value as "everyone" | "host" | "off" })}
          >
            <MenuItem id="everyone">{t`Everyone`}</MenuItem>
            <MenuItem id="host">{t`Hosts only`}</MenuItem>
            <MenuItem id="off">{t`Nobody`}</MenuItem>
          </MenuSection>
          <MenuSection
            title={t`Who comes in`}
            many
            selected={[...(lobby ? ["lobby"] : []), ...(mute_on_entry ? ["mute"] : [])]}
            onSelect={(ids) => call.change({ lobby: ids.includes("lobby"), mute_on_entry: ids.includes("mute") })}
          >
            <MenuItem id="lobby">{t`Waits in the lobby`}</MenuItem>
            <MenuItem id="mute">{t`Comes in muted`}</MenuItem>
          </MenuSection>
        </>
      )}
    </Menu>
  );
}
