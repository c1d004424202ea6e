import { useLingui } from "@lingui/react/macro";
import type {
  Channel,
  MarketDecision,
  MarketVerb,
  PartnerKind,
  TenantKind,
  TenantStatus,
} from "../../api/types.ts";

interface MarketWords {
  readonly verb: (verb: MarketVerb) => string;
  readonly kind: (kind: TenantKind) => string;
  readonly channel: (channel: Channel) => string;
  readonly decision: (decision: MarketDecision) => string;
  readonly partner: (kind: PartnerKind) => string;
  readonly standing: (status: TenantStatus) => string;
  /** The name of an ISO 3166-1 code in the language of the page (CN alone is the mainland); any other code as it is. */
  readonly place: (code: string) => string;
  readonly list: (words: readonly string[]) => string;
  readonly moment: (time: string) => string;
  /** The sentence of a rule in the language of the page, else in English, else in any. */
  readonly sentence: (message: Readonly<Record<string, string>>) => string;
}

/** What the values of market rules are called. */
export function useMarketWords(): MarketWords {
  const { t, i18n } = useLingui();
  const places = new Intl.DisplayNames([i18n.locale], { type: "region", fallback: "code" });
  const lists = new Intl.ListFormat([i18n.locale], { type: "conjunction" });
  return {
    verb: (verb) =>
      ({
        register: t`Register`,
        host: t`Host meetings`,
        join: t`Join meetings`,
        buy: t`Buy`,
        upgrade: t`Upgrade`,
        renew: t`Renew`,
        support: t`Get support`,
      })[verb],
    kind: (kind) => ({ personal: t`Personal`, enterprise: t`Enterprise` })[kind],
    channel: (channel) =>
      ({ direct: t`Direct sale`, online: t`Online sale`, partner: t`Through a partner` })[channel],
    decision: (decision) => ({ allow: t`Allowed`, deny: t`Denied` })[decision],
    partner: (kind) => ({ oem: t`OEM (own name)`, reseller: t`Reseller (own prices)` })[kind],
    standing: (status) => ({ active: t`Active`, suspended: t`Suspended`, ended: t`Ended` })[status],
    place: (code) =>
      code === "CN" ? t`Mainland China` : /^[A-Z]{2}$/.test(code) ? (places.of(code) ?? code) : code,
    list: (words) => lists.format(words),
    moment: (time) =>
      i18n.date(time, {
        year: "numeric",
        month: "short",
        day: "numeric",
        hour: "numeric",
        minute: "2-digit",
        timeZoneName: "short",
      }),
    sentence: (message) => message[i18n.locale] ?? message["en"] ?? Object.values(message)[0] ?? "",
  };
}
