import type { ReactNode } from "react";
import { Switch as AriaSwitch } from "react-aria-components/Switch";
import "./Switch.css";

interface SwitchProps {
  readonly children: string;
  readonly hint?: ReactNode;
  readonly isSelected: boolean;
  readonly onChange: (selected: boolean) => void;
  readonly isDisabled?: boolean;
}

/** On or off, at once; the words stand before the switch. */
export function Switch({ children, hint, ...rest }: SwitchProps) {
  return (
    <AriaSwitch {...rest} className="switch">
      <span className="switch__words">
        {children}
        {hint !== undefined && <span className="switch__hint">{hint}</span>}
      </span>
      <span className="switch__track" aria-hidden="true">
        <span className="switch__thumb" />
      </span>
    </AriaSwitch>
  );
}
