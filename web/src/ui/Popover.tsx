import type { ComponentProps, ReactElement, ReactNode } from "react";
import { Dialog, DialogTrigger } from "react-aria-components/Dialog";
import { Popover as AriaPopover } from "react-aria-components/Popover";
import "./Menu.css";

interface PopoverProps {
  readonly trigger: ReactElement;
  readonly label: string;
  readonly placement?: ComponentProps<typeof AriaPopover>["placement"];
  readonly children: ReactNode;
}

/** A small dialog beside the button that opens it. */
export function Popover({ trigger, label, placement = "bottom", children }: PopoverProps) {
  return (
    <DialogTrigger>
      {trigger}
      <AriaPopover className="popover" placement={placement}>
        <Dialog className="popover__body" aria-label={label}>
          {children}
        </Dialog>
      </AriaPopover>
    </DialogTrigger>
  );
}
