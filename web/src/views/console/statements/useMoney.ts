import { useLingui } from "@lingui/react/macro";

/** Decimal text with its currency, in the language of the page; never through a float. */
export function useMoney(): (amount: string, currency: string) => string {
  const { i18n } = useLingui();
  return (amount, currency) => {
    const format = new Intl.NumberFormat(i18n.locale, { style: "currency", currency });
    // Decimal text is formatted digit by digit, however long it is (ECMA-402, Intl.NumberFormat v3).
    return format.format(amount as `${number}`);
  };
}
