/** Several values in one field, as people type them. */

/** `a, b` */
export function typed(values: readonly string[]): string {
  return values.join(", ");
}

/** What was typed, between commas or lines, without what is empty. */
export function listed(text: string): readonly string[] {
  return text
    .split(/[,，\n]/)
    .map((value) => value.trim())
    .filter((value) => value !== "");
}
