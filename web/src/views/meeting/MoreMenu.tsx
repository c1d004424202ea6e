import { useLingui } from "@lingui/react/macro";
import { Activity, Bell, Ellipsis, Expand, Keyboard, UserPlus } from "lucide-react";
import type { State } from "../../api/signalling.ts";
import type { Call } from "../../call/call.ts";
import { isPhone } from "../../call/environment.ts";
import { useDevices } from "../../call/hooks.ts";
import { mayHost } from "../../call/state.ts";
import { Menu, MenuItem, MenuLine, MenuSection } from "../../ui/Menu.tsx";
import { toggleFullScreen } from "./full-screen.ts";
import { shortcutKeys } from "./shortcuts.ts";
import { ToolbarButton } from "./ToolbarButton.tsx";
import type { ScreenControl } from "./useScreen.ts";

interface MoreMenuProps {
  readonly call: Call;
  readonly meeting: State;
  readonly screen: ScreenControl;
}

/** What is needed seldom; for hosts, the meeting's rules. Ids are of the whole menu, hence their prefixes. */
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
      {!isPhone() && (
        <MenuItem icon={<Keyboard size={16} />} keys={shortcutKeys("help")} onAction={open("shortcuts")}>
          {t`Keyboard shortcuts`}
        </MenuItem>
      )}
      <MenuItem icon={<Expand size={16} />} onAction={() => void toggleFullScreen()}>
        {t`Full screen`}
      </MenuItem>
      <MenuItem
        icon={<Bell size={16} />}
        onAction={() => call.devices.prefer({ sounds: !preferences.sounds })}
      >
        {preferences.sounds ? t`Turn sounds off` : t`Turn sounds on`}
      </MenuItem>
      {mayHost(meeting) && (
        <>
          <MenuLine />
          <MenuSection
            title={t`Who may share`}
            selected={[`share-${share}`]}
            onSelect={([id]) => call.change({ share: id?.slice("share-".length) as typeof share })}
          >
            <MenuItem id="share-one">{t`One at a time`}</MenuItem>
            <MenuItem id="share-many">{t`Several at once`}</MenuItem>
            <MenuItem id="share-host">{t`Hosts only`}</MenuItem>
          </MenuSection>
          <MenuSection
            title={t`Participants may chat with`}
            selected={[`chat-${chat}`]}
            onSelect={([id]) => call.change({ chat: id?.slice("chat-".length) as typeof chat })}
          >
            <MenuItem id="chat-everyone">{t`Everyone`}</MenuItem>
            <MenuItem id="chat-host">{t`Hosts only`}</MenuItem>
            <MenuItem id="chat-off">{t`Nobody`}</MenuItem>
          </MenuSection>
          <MenuSection
            title={t`Who comes in`}
            many
            selected={[...(lobby ? ["lobby"] : []), ...(mute_on_entry ? ["mute"] : [])]}
            onSelect={(ids) =>
              call.change({ lobby: ids.includes("lobby"), mute_on_entry: ids.includes("mute") })
            }
          >
            <MenuItem id="lobby">{t`Waits in the lobby`}</MenuItem>
            <MenuItem id="mute">{t`Comes in muted`}</MenuItem>
          </MenuSection>
        </>
      )}
    </Menu>
  );
}
