import { ChevronDown } from "lucide-react";
import { Button } from "react-aria-components/Button";
import { ComboBox } from "react-aria-components/ComboBox";
import { Input } from "react-aria-components/Input";
import { Label } from "react-aria-components/Label";
import { ListBox, ListBoxItem } from "react-aria-components/ListBox";
import { Popover } from "react-aria-components/Popover";
import "./Field.css";
import "./Menu.css";
import type { SelectOption } from "./Select.tsx";

interface SearchSelectProps {
  readonly label: string;
  readonly options: readonly SelectOption[];
  readonly value: string;
  readonly onChange: (value: string) => void;
}

/** One of many: typing narrows the list. */
export function SearchSelect({ label, options, value, onChange }: SearchSelectProps) {
  return (
    <ComboBox
      className="field"
      defaultItems={options}
      value={value}
      onChange={(key) => key !== null && onChange(String(key))}
      menuTrigger="focus"
    >
      <Label className="field__label">{label}</Label>
      <div className="field__combo">
        <Input className="field__control" />
        <Button className="field__open">
          <ChevronDown size={16} aria-hidden="true" />
        </Button>
      </div>
      <Popover className="popover popover--menu">
        <ListBox className="menu">
          {(option: SelectOption) => (
            <ListBoxItem className="menu__item" id={option.id} textValue={option.label}>
              <span className="truncate">{option.label}</span>
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </ComboBox>
  );
}
