/** What the HTTP API answers. Times are RFC 3339 UTC. */

export interface Page<T> {
  readonly items: readonly T[];
  /** The cursor of the next page. */
  readonly next: string | null;
}

export type MemberRole = "owner" | "admin" | "member";

export interface Passkey {
  readonly id: string;
  readonly name: string;
  readonly created_at: string;
}

export interface Me {
  readonly id: string;
  readonly email: string | null;
  readonly name: string;
  readonly role: MemberRole;
  readonly tenant: { readonly id: string; readonly name: string };
  readonly language: string | null;
  readonly personal_meeting_id: string | null;
  readonly has_password: boolean;
  readonly passkeys: readonly Passkey[];
  readonly scopes: readonly string[];
  /** What the organisation asks for before anything else may be done. */
  readonly second_factor: "show" | "add" | null;
}

/** The OpenID Connect provider of one's organisation, without its secret. */
export interface Provider {
  readonly issuer: string;
  readonly client_id: string;
  readonly has_secret: boolean;
  readonly domains: readonly { readonly name: string; readonly verified: boolean }[];
  readonly makes_members: boolean;
  readonly trusts_email: boolean;
  readonly role_claim: string;
  readonly admin_values: readonly string[];
  readonly second_factor_values: readonly string[];
}

/** How one's organisation signs in. */
export interface Identity {
  readonly redirect_uri: string;
  readonly sign_in_link: string;
  readonly provider: Provider | null;
  /** Whether every member has to show a passkey beside the password. */
  readonly second_factor: boolean;
  readonly scim: {
    readonly url: string;
    readonly tokens: readonly { readonly id: string; readonly name: string; readonly created_at: string }[];
    readonly groups: readonly ScimGroup[];
  };
}

/** A group that the organisation's own system keeps. */
export interface ScimGroup {
  readonly id: string;
  readonly name: string;
  readonly members: number;
  readonly makes_admins: boolean;
}

export type SharePolicy = "one" | "many" | "host";
export type ChatPolicy = "everyone" | "host" | "off";

export interface MeetingSettings {
  readonly lobby: boolean;
  /** Out: the digits or null. In: a boolean or 6–10 digits. */
  readonly passcode: string | boolean | null;
  readonly join_before_host: boolean;
  readonly share: SharePolicy;
  readonly chat: ChatPolicy;
  readonly locked: boolean;
  readonly mute_on_entry: boolean;
  readonly e2ee: boolean;
}

export interface MeetingObject {
  readonly id: string;
  readonly title: string;
  readonly number: string;
  readonly passcode: string | null;
  readonly join_url: string;
  readonly starts_at: string | null;
  readonly duration_minutes: number | null;
  /** An RFC 5545 RRULE. */
  readonly recurrence: string | null;
  /** IANA. */
  readonly time_zone: string | null;
  readonly settings: MeetingSettings;
  readonly host: { readonly id: string; readonly name: string };
  readonly kind: "instant" | "scheduled" | "personal";
  readonly next_at: string | null;
  readonly ends_at: string | null;
  readonly in_progress: boolean;
  readonly created_at: string;
}

export interface MeetingDraft {
  readonly title?: string;
  readonly starts_at?: string | null;
  readonly duration_minutes?: number | null;
  readonly recurrence?: string | null;
  readonly time_zone?: string | null;
  readonly settings?: Partial<MeetingSettings>;
}

export interface Ticket {
  readonly ticket: string;
  readonly participant_id: string;
  readonly expires_at: string;
}

/** The answer to `POST /join`. */
export interface Joined {
  readonly ticket: string;
  readonly participant_id: string;
  readonly state: "joined" | "lobby";
  readonly signalling_url: string;
}

/** One holding of a meeting. */
export interface SessionObject {
  readonly id: string;
  readonly started_at: string;
  readonly ended_at: string | null;
}

/** What hindered somebody. */
export type QualityCause =
  | "loss_down"
  | "bandwidth_down"
  | "loss_up"
  | "delay"
  | "computer"
  | "bandwidth_up"
  | "others"
  | "unknown";

export interface QualityVerdict {
  /** What hindered them longest; null when nothing was worth saying. */
  readonly cause: QualityCause | null;
  readonly since: string | null;
  readonly until: string | null;
  readonly bad_seconds: number;
  readonly seconds: number;
  /** The largest share lost, or the longest round trip in ms. */
  readonly worst: number | null;
  readonly frozen_ms: number;
  readonly concealed_ms: number;
}

/** Lines of a plot: one entry of each list a sample, oldest first. Losses are shares, 0…1. */
export interface QualitySeries {
  readonly at: readonly string[];
  readonly rtt_ms: readonly (number | null)[];
  readonly up_bps: readonly number[];
  readonly up_loss: readonly number[];
  readonly down_bps: readonly number[];
  readonly down_loss: readonly number[];
  readonly estimate_bps: readonly number[];
  readonly frozen_ms: readonly number[];
  readonly concealed_ms: readonly number[];
}

export interface ParticipantQuality {
  readonly id: string;
  readonly name: string;
  readonly role: "host" | "cohost" | "attendee";
  readonly joined_at: string;
  readonly left_at: string | null;
  readonly verdict: QualityVerdict;
  readonly series: QualitySeries;
}

/** How a session went. */
export interface SessionQuality {
  readonly session: SessionObject;
  readonly participants: readonly ParticipantQuality[];
  readonly troubled: number;
  /** Most people had the same trouble at the same time. */
  readonly everybodys: boolean;
}

export interface Invitation {
  readonly subject: string;
  readonly text: string;
}

export interface Member {
  readonly id: string;
  readonly email: string | null;
  readonly name: string;
  readonly role: MemberRole;
  readonly status: "active" | "invited" | "disabled";
  readonly created_at: string;
}

/** A link that is handed over by hand. */
export interface OneTimeLink {
  readonly link: string;
  readonly expires_at: string;
}

export interface SignIn {
  readonly id: string;
  readonly created_at: string;
  readonly last_seen_at: string;
  /** The browser and system, as "Firefox on Linux". */
  readonly client: string;
  readonly current: boolean;
}

export interface Enrolment {
  readonly kind: "owner" | "invitation" | "reset";
  readonly email: string | null;
  readonly name: string | null;
  readonly tenant_name: string;
}

export interface PasskeyChallenge<Options> {
  readonly challenge_id: string;
  readonly options: Options;
}

export interface BrandLink {
  readonly label: string;
  readonly url: string;
}

/** What a brand is, but for its pictures and host names. */
export interface BrandLook {
  readonly name: string;
  readonly accent: string;
  readonly accent_dark: string | null;
  readonly support_email: string | null;
  readonly support_url: string | null;
  readonly links: readonly BrandLink[];
  readonly mail_name: string | null;
  readonly mail_address: string | null;
  readonly mail_footer: Readonly<Record<string, string>>;
}

/** A colour that nobody could read as it was asked for, and what is used instead. */
export interface BrandCorrection {
  readonly field: "accent" | "accent_dark";
  readonly asked: string;
  readonly used: string;
  readonly contrast: number;
}

export interface BrandView {
  /** The organisation's own; null where it is met under another one's. */
  readonly look: BrandLook | null;
  readonly shown: BrandLook;
  readonly logo: string | null;
  readonly icon: string | null;
  readonly hosts: readonly string[];
}

export type BrandPalette = Readonly<
  Record<"accent" | "accent_hover" | "accent_pressed" | "on_accent" | "accent_soft", string>
>;

export interface BrandPalettes {
  readonly light: BrandPalette;
  readonly dark: BrandPalette;
  readonly corrections: readonly BrandCorrection[];
}

export interface KeptPicture {
  readonly left_out: readonly string[];
}

/** What pages show of a brand. */
export interface House {
  readonly name: string;
  readonly languages: readonly string[];
  readonly logo: string | null;
  readonly icon: string;
  readonly support_email: string | null;
  readonly support_url: string | null;
  readonly links: readonly BrandLink[];
}

/** Addresses at which a phone of the same local network finds this server. */
export interface LocalNetwork {
  /** A picture of the code, or null where nobody of the network could use it. */
  readonly qr_url: string | null;
  /** The first one is what the code says. */
  readonly lan_urls: readonly string[];
}

export type MarketVerb = "register" | "host" | "join" | "buy" | "upgrade" | "renew" | "support";
export type MarketDecision = "allow" | "deny";
export type TenantKind = "personal" | "enterprise";
export type Channel = "direct" | "online" | "partner";

/** A rule in the shape of the rules' file; what is left out is any. */
export interface MarketRule {
  readonly id: string;
  /** With `until`: when it holds, half-open. */
  readonly from?: string;
  readonly until?: string;
  /** ISO 3166 codes or names of groups. */
  readonly countries?: readonly string[];
  readonly kinds?: readonly TenantKind[];
  readonly channels?: readonly Channel[];
  readonly plans?: readonly string[];
  readonly partners?: readonly string[];
  readonly verbs: readonly MarketVerb[];
  readonly decision: MarketDecision;
  readonly offers?: readonly string[];
  /** A sentence by language tag. */
  readonly message?: Readonly<Record<string, string>>;
}

export interface MarketRules {
  readonly version: 1;
  readonly groups?: Readonly<Record<string, readonly string[]>>;
  readonly rule?: readonly MarketRule[];
}

export type MarketRuleSetStatus = "draft" | "submitted" | "approved" | "scheduled" | "active" | "former";

/** A version of the rules without its rules. */
export interface MarketRuleSetLine {
  readonly id: string;
  readonly version: number;
  readonly name: string;
  /** Counts the changes of a draft: who decides says which one they read. */
  readonly revision: number;
  readonly status: MarketRuleSetStatus;
  readonly created_at: string;
  readonly approvals: readonly { readonly member_id: string; readonly at: string }[];
}

export interface MarketRuleSet extends MarketRuleSetLine {
  readonly rules: MarketRules;
}

/** A version of the rules put in force from a moment on. */
export interface MarketActivation {
  readonly id: string;
  readonly rule_set_id: string;
  readonly starts_at: string;
  readonly began_at: string | null;
  readonly cancelled_at: string | null;
}

/** A rule that is not what its writer thinks. */
export interface MarketFinding {
  readonly kind: "shadowed" | "contradicted" | "overlapping";
  readonly rule: string;
  readonly by: readonly string[];
}

/** A rule (or the groups) that is not as it was; `was` and `now` hold the keys that changed. */
export interface MarketDifference {
  readonly kind: "added" | "removed" | "changed" | "moved";
  readonly rule: string;
  readonly was?: Readonly<Record<string, unknown>>;
  readonly now?: Readonly<Record<string, unknown>>;
}

/** Tenants of whom rules cannot tell one from the other. */
export interface TenantGroup {
  readonly example: {
    readonly id: string;
    readonly kind: TenantKind;
    readonly channel: Channel;
    readonly country: string | null;
  };
  readonly tenants: number;
}

export interface MarketChange {
  readonly verb: MarketVerb;
  readonly was: MarketDecision;
  readonly was_rule: string;
  readonly becomes: MarketDecision;
  readonly rule: string;
  readonly offers: readonly string[];
  readonly message: Readonly<Record<string, string>>;
  readonly tenants: number;
  readonly of: readonly TenantGroup[];
}

export interface MarketSimulation {
  readonly tenants: number;
  readonly at: string;
  readonly compared_at: string;
  readonly changes: readonly MarketChange[];
}

export type TenantStatus = "active" | "suspended" | "ended";

/** A tenant as who administers it sees it. */
export interface TenantRow {
  readonly id: string;
  readonly name: string;
  readonly kind: TenantKind;
  readonly channel: Channel;
  /** ISO 3166-1. */
  readonly country: string | null;
  /** ISO 3166-2. */
  readonly subdivision: string | null;
  readonly plan: string;
  readonly partner: string | null;
  readonly status: TenantStatus;
  readonly members: number;
  readonly created_at: string;
}

export type PartnerKind = "oem" | "reseller";

export interface PartnerRow {
  /** What market rules call it. */
  readonly code: string;
  readonly name: string;
  readonly kind: PartnerKind;
  /** The code of the one above it. */
  readonly parent: string | null;
  readonly created_at: string;
  readonly ended_at: string | null;
}

export interface PlanRow {
  readonly code: string;
  readonly name: string;
  readonly entitlements: {
    readonly host: boolean;
    readonly participants: number | null;
    readonly minutes: number | null;
    readonly recording_hours: number | null;
    readonly regions: readonly string[] | null;
  };
}

/** Something that was done to one's organisation. */
export interface AuditEntry {
  readonly id: string;
  readonly at: string;
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface StatementLine {
  readonly at: string;
  readonly kind: string;
  readonly reference: string;
  /** Decimal text; less than nothing takes away from what is owed. */
  readonly amount: string;
  readonly memo: string;
  readonly sku: string | null;
  readonly quantity: number | null;
}

/** The account of a buyer with its seller over a month: opening + charges + credits + payments = closing. */
export interface Statement {
  readonly month: string;
  /** Ids of the operator, a partner or a tenant. */
  readonly seller: string;
  readonly buyer: string;
  readonly seller_name: string;
  readonly buyer_name: string;
  /** ISO 4217. */
  readonly currency: string;
  readonly opening: string;
  readonly charges: string;
  readonly credits: string;
  readonly payments: string;
  readonly closing: string;
  readonly lines: readonly StatementLine[];
}
