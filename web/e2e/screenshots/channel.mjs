// Partners, plans and tenants as the API lists them.

const partner = (code, name, kind, parent = null, ended_at = null) => ({
  code,
  name,
  kind,
  parent,
  tenant_id: `home-${code}`,
  created_at: "2019-03-01T00:00:00Z",
  ended_at,
});

const page = (items) => ({ items, next: null });

export const partners = page([
  partner("bizconf", "会畅通讯 Bizconf", "oem"),
  partner("zhumu", "随锐瞩目 Zhumu", "oem"),
  partner("umeet", "尚阳 Umeet", "oem", null, "2020-12-31T00:00:00Z"),
  partner("zomo", "中目 zomo", "reseller", "bizconf"),
  partner("zomo-north", "中目北方", "reseller", "zomo"),
]);

const all = { host: true, participants: null, minutes: null, recording_hours: null, regions: null };
export const plans = page([
  { code: "free", name: "Free", entitlements: { ...all, host: false } },
  { code: "pro", name: "Pro", entitlements: all },
  { code: "standard", name: "Standard", entitlements: all },
]);

const tenant = (id, name, kind, country, seller, plan, members, status = "active") => ({
  id,
  name,
  kind,
  country,
  subdivision: country === "US" ? "US-CA" : null,
  channel: ["direct", "online"].includes(seller) ? seller : "partner",
  partner: ["direct", "online"].includes(seller) ? null : seller,
  plan,
  members,
  status,
  created_at: "2019-11-05T00:00:00Z",
});

export const tenants = page([
  tenant("t1", "Aurora Instruments", "enterprise", "DE", "direct", "pro", 412),
  tenant("t2", "Harbour & Sons", "enterprise", "HK", "online", "pro", 38),
  tenant("t3", "Wang Xiaoming", "personal", "CN", "online", "free", 1),
  tenant("t4", "上海远洋物流有限公司", "enterprise", "CN", "zomo", "pro", 1260),
  tenant(
    "t5",
    "西南第一人民医院信息化建设与远程会诊中心",
    "enterprise",
    "CN",
    "bizconf",
    "standard",
    5310,
    "suspended",
  ),
  tenant(
    "t6",
    "Wolfeschlegelsteinhausenbergerdorffwelchevoralternwaren GmbH",
    "enterprise",
    "AT",
    "direct",
    "standard",
    0,
  ),
  tenant("t7", "Pacific Design Studio", "enterprise", "US", "direct", "pro", 57, "ended"),
]);

/** How an organisation signs in whose second domain is not yet proved. */
export const identity = {
  redirect_uri: "https://meet.aurora.example/sign-in/organisation",
  sign_in_link: "https://meet.aurora.example/sign-in?organisation=01m8f5frgjasy3y4wyejmhez84",
  second_factor: true,
  scim: {
    url: "https://meet.aurora.example/scim/v2",
    tokens: [{ id: "s1", name: "SCIM", created_at: "2026-11-20T09:00:00Z" }],
    groups: [{ id: "g1", name: "Meeting administrators", members: 4, makes_admins: true }],
  },
  provider: {
    issuer: "https://login.aurora.example/realms/staff",
    client_id: "meetinghouse",
    has_secret: true,
    domains: [
      { name: "aurora.example", verified: true },
      { name: "aurora-instruments.example", verified: false },
    ],
    makes_members: true,
    trusts_email: false,
    role_claim: "groups",
    admin_values: ["meet-admins"],
    second_factor_values: ["mfa"],
  },
};

const line = (day, reference, sku, quantity, amount, memo = "") => ({
  at: `2026-11-${day}T09:00:00Z`,
  kind: sku === null ? "payment" : "charge",
  reference,
  amount,
  memo,
  sku,
  quantity,
});

/** Names of those that statements name. */
const named = {
  "home-zomo": "中目 zomo",
  "home-bizconf": "会畅通讯 Bizconf",
  t4: "上海远洋物流有限公司",
  t5: "西南第一人民医院信息化建设与远程会诊中心",
};

const statement = (seller, buyer, opening, charges, credits, payments, closing, lines = []) => ({
  month: "2026-11",
  seller,
  buyer,
  seller_name: named[seller],
  buyer_name: named[buyer],
  currency: "CNY",
  opening,
  charges,
  credits,
  payments,
  closing,
  lines,
});

export const statements = page([
  statement("home-zomo", "t4", "0.00", "18774.00", "-1042.50", "-12000.00", "5731.50", [
    line("02", "a", "seat:pro:month", 1200, "17880.00"),
    line("14", "b", "seat:pro:month", 60, "894.00", "Upgrade"),
    line("14", "c", "seat:pro:month", 60, "-1042.50", "The rest of the old price"),
    line("20", "d", null, null, "-12000.00", "Bank transfer 88213"),
  ]),
  statement("home-bizconf", "home-zomo", "1250.00", "9387.00", "0.00", "-1250.00", "9387.00"),
  statement("home-bizconf", "t5", "0.00", "79119.00", "0.00", "0.00", "79119.00"),
]);
