import { Check, ChevronDown } from "lucide-react";
import { Button } from "react-aria-components/Button";
import { Label } from "react-aria-components/Label";
import { ListBox, ListBoxItem } from "react-aria-components/ListBox";
import { Popover } from "react-aria-components/Popover";
import { Select as AriaSelect, SelectValue } from "react-aria-components/Select";
import { Text } from "react-aria-components/Text";
import "./Field.css";
import "./Menu.css";

export interface SelectOption<Id extends string = string> {
  readonly id: Id;
  readonly label: string;
  readonly hint?: string;
}

interface SelectProps<Id extends string> {
  readonly label: string;
  readonly hint?: string;
  readonly options: readonly SelectOption<Id>[];
  readonly value: Id | null;
  readonly onChange: (value: Id) => void;
  readonly isDisabled?: boolean;
  readonly placeholder?: string;
  /** Only when the label stands elsewhere on the screen. */
  readonly hideLabel?: boolean;
}

/** One of several, closed until it is opened. */
export function Select<Id extends string>(props: SelectProps<Id>) {
  const { label, hint, options, value, onChange, isDisabled = false, placeholder, hideLabel = false } = props;
  return (
    <AriaSelect
      className="field"
      value={value}
      onChange={(key) => key !== null && onChange(key as Id)}
      isDisabled={isDisabled}
      {...(placeholder === undefined ? {} : { placeholder })}
    >
      <Label className={hideLabel ? "visually-hidden" : "field__label"}>{label}</Label>
      <Button className="field__control field__select">
        <SelectValue className="truncate">
          {({ selectedText, defaultChildren }) => selectedText || defaultChildren}
        </SelectValue>
        <ChevronDown size={16} aria-hidden="true" />
      </Button>
      {hint !== undefined && (
        <Text slot="description" className="field__hint">
          {hint}
        </Text>
      )}
      <Popover className="popover popover--menu">
        <ListBox className="menu" items={options}>
          {(option) => (
            <ListBoxItem className="menu__item" id={option.id} textValue={option.label}>
              {({ isSelected }) => (
                <>
                  <span className="menu__mark">{isSelected && <Check size={16} aria-hidden="true" />}</span>
                  <span className="menu__words">
                    <Text slot="label">{option.label}</Text>
                    {option.hint !== undefined && (
                      <Text slot="description" className="menu__hint">
                        {option.hint}
                      </Text>
                    )}
                  </span>
                </>
              )}
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </AriaSelect>
  );
}
