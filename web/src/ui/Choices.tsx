import type { ReactNode } from "react";
import { Label } from "react-aria-components/Label";
import { Radio, RadioGroup } from "react-aria-components/RadioGroup";
import { Text } from "react-aria-components/Text";
import "./Switch.css";

interface Choice<Id extends string> {
  readonly id: Id;
  readonly label: string;
  readonly icon?: ReactNode;
}

interface ChoicesProps<Id extends string> {
  readonly label: string;
  readonly hint?: string;
  readonly choices: readonly Choice<Id>[];
  readonly value: Id;
  readonly onChange: (value: Id) => void;
  readonly isDisabled?: boolean;
}

/** One of a few, all of them in sight. */
export function Choices<Id extends string>({
  label,
  hint,
  choices,
  value,
  onChange,
  isDisabled = false,
}: ChoicesProps<Id>) {
  return (
    <RadioGroup
      className="choices"
      value={value}
      onChange={(id) => onChange(id as Id)}
      orientation="horizontal"
      isDisabled={isDisabled}
    >
      <Label className="field__label">{label}</Label>
      <div className="choices__row">
        {choices.map((choice) => (
          <Radio key={choice.id} value={choice.id} className="choice">
            {choice.icon}
            {choice.label}
          </Radio>
        ))}
      </div>
      {hint !== undefined && (
        <Text slot="description" className="field__hint">
          {hint}
        </Text>
      )}
    </RadioGroup>
  );
}
