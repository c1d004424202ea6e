import { Check } from "lucide-react";
import { Checkbox } from "react-aria-components/Checkbox";
import { CheckboxGroup } from "react-aria-components/CheckboxGroup";
import { Label } from "react-aria-components/Label";
import { Text } from "react-aria-components/Text";
import "./Switch.css";

interface ManyChoicesProps<Id extends string> {
  readonly label: string;
  readonly hint?: string;
  readonly choices: readonly { readonly id: Id; readonly label: string }[];
  readonly value: readonly Id[];
  readonly onChange: (value: readonly Id[]) => void;
  readonly isRequired?: boolean;
}

/** Any number of a few, all of them in sight. */
export function ManyChoices<Id extends string>(props: ManyChoicesProps<Id>) {
  const { label, hint, choices, value, onChange, isRequired = false } = props;
  return (
    <CheckboxGroup
      className="choices"
      value={[...value]}
      // In the order in which they stand, however they were ticked.
      onChange={(ids) => onChange(choices.map(({ id }) => id).filter((id) => ids.includes(id)))}
      isRequired={isRequired}
    >
      <Label className="field__label">{label}</Label>
      <div className="choices__row">
        {choices.map((choice) => (
          <Checkbox key={choice.id} value={choice.id} className="choice choice--many">
            {({ isSelected }) => (
              <>
                {isSelected && <Check size={16} aria-hidden="true" />}
                {choice.label}
              </>
            )}
          </Checkbox>
        ))}
      </div>
      {hint !== undefined && (
        <Text slot="description" className="field__hint">
          {hint}
        </Text>
      )}
    </CheckboxGroup>
  );
}
