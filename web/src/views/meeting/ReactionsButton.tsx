import { useLingui } from "@lingui/react/macro";
import { Hand, SmilePlus } from "lucide-react";
import { useState } from "react";
import { Button as AriaButton } from "react-aria-components/Button";
import { Dialog, DialogTrigger } from "react-aria-components/Dialog";
import { Popover as AriaPopover } from "react-aria-components/Popover";
import type { React as ReactMessage } from "../../api/signalling.ts";
import type { Call } from "../../call/call.ts";
import { Button } from "../../ui/Button.tsx";
import { REACTIONS } from "./ReactionBubble.tsx";
import { ToolbarButton } from "./ToolbarButton.tsx";

/** Six reactions and the hand. */
export function ReactionsButton({ call, raised }: { readonly call: Call; readonly raised: boolean }) {
  const { t } = useLingui();
  const [open, setOpen] = useState(false);
  const names: Readonly<Record<ReactMessage["reaction"], string>> = {
    clap: t`Clap`,
    thumbs_up: t`Thumbs up`,
    heart: t`Heart`,
    joy: t`Joy`,
    surprise: t`Surprise`,
    party: t`Celebrate`,
  };
  return (
    <DialogTrigger isOpen={open} onOpenChange={setOpen}>
      <ToolbarButton label={t`Reactions`} icon={<SmilePlus size={20} aria-hidden="true" />} />
      <AriaPopover className="popover" placement="top">
        <Dialog className="popover__body reactions" aria-label={t`Reactions`}>
          <div className="reactions__row">
            {(Object.keys(REACTIONS) as ReactMessage["reaction"][]).map((reaction) => (
              <AriaButton
                key={reaction}
                className="reactions__one"
                aria-label={names[reaction]}
                onPress={() => {
                  call.react(reaction);
                  setOpen(false);
                }}
              >
                {REACTIONS[reaction]}
              </AriaButton>
            ))}
          </div>
          <Button
            wide
            icon={<Hand size={16} aria-hidden="true" />}
            onPress={() => {
              call.act({ type: "raise_hand", raised: !raised });
              setOpen(false);
            }}
          >
            {raised ? t`Lower hand` : t`Raise hand`}
          </Button>
        </Dialog>
      </AriaPopover>
    </DialogTrigger>
  );
}
