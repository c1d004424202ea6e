import { useId } from "react";
import { TextField } from "../../../ui/TextField.tsx";
import { isColour } from "./draft.ts";

interface ColourFieldProps {
  readonly label: string;
  readonly hint: string;
  readonly value: string;
  /** What is shown where nothing is chosen. */
  readonly fallback: string;
  readonly isRequired?: boolean;
  readonly onChange: (value: string) => void;
}

/** A colour, typed or picked. */
export function ColourField({
  label,
  hint,
  value,
  fallback,
  isRequired = false,
  onChange,
}: ColourFieldProps) {
  const id = useId();
  const shown = isColour(value) && value.trim().length === 7 ? value.trim().toLowerCase() : fallback;
  return (
    <div className="colour-field">
      <TextField
        label={label}
        hint={hint}
        value={value}
        onChange={onChange}
        isRequired={isRequired}
        maxLength={7}
      />
      <input
        id={id}
        type="color"
        aria-label={label}
        className="colour-field__swatch"
        value={shown}
        onChange={(event) => onChange(event.target.value)}
      />
    </div>
  );
}
