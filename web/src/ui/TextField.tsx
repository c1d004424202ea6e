import type { ReactNode } from "react";
import { FieldError } from "react-aria-components/FieldError";
import { Input } from "react-aria-components/Input";
import { Label } from "react-aria-components/Label";
import { Text } from "react-aria-components/Text";
import { TextArea } from "react-aria-components/TextArea";
import {
  TextField as AriaTextField,
  type TextFieldProps as AriaTextFieldProps,
} from "react-aria-components/TextField";
import "./Field.css";

export interface TextFieldProps
  extends Omit<AriaTextFieldProps, "children" | "className" | "style" | "isInvalid"> {
  readonly label: string;
  readonly hint?: ReactNode;
  /** What is wrong and how to put it right; without it the browser's own words for `type` and `isRequired` appear. */
  readonly error?: string | undefined;
  readonly placeholder?: string;
  readonly size?: "medium" | "large";
  /** More than one makes it a text area. */
  readonly rows?: number;
}

/** A labelled field of text. */
export function TextField({
  label,
  hint,
  error,
  placeholder,
  size = "medium",
  rows = 1,
  ...rest
}: TextFieldProps) {
  const shared = { className: "field__control", ...(placeholder === undefined ? {} : { placeholder }) };
  return (
    <AriaTextField
      {...rest}
      {...(error === undefined ? {} : { isInvalid: true })}
      className={size === "large" ? "field field--large" : "field"}
    >
      <Label className="field__label">{label}</Label>
      {rows > 1 ? <TextArea {...shared} rows={rows} /> : <Input {...shared} />}
      {hint !== undefined && (
        <Text slot="description" className="field__hint">
          {hint}
        </Text>
      )}
      <FieldError className="field__error">{error}</FieldError>
    </AriaTextField>
  );
}
