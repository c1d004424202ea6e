// Market rules like those of 2020, and what a date changes under them, as the API tells it.

const MAINLAND = { countries: ["CN"], offers: ["bizconf", "zhumu", "umeet"] };

const rules = [
  {
    id: "cn-2020-08-23-no-direct-upgrade",
    from: "2020-08-22T16:00:00Z",
    ...MAINLAND,
    channels: ["direct"],
    verbs: ["buy", "upgrade"],
    decision: "deny",
    message: {
      en: "Since 23 August 2020 new service in mainland China comes through partners. Your meetings go on.",
      "zh-CN": "自2020年8月23日起，中国大陆的新服务由合作伙伴提供。您现有的会议不受影响。",
      "zh-TW": "自2020年8月23日起，中國大陸的新服務由合作夥伴提供。您現有的會議不受影響。",
    },
  },
  {
    id: "cn-2020-05-01-no-individuals",
    from: "2020-04-30T16:00:00Z",
    ...MAINLAND,
    kinds: ["personal"],
    verbs: ["register"],
    decision: "deny",
    message: {
      en: "Individuals in mainland China cannot register any more.",
      "zh-CN": "中国大陆的个人用户不再开放注册。",
      "zh-TW": "中國大陸的個人使用者不再開放註冊。",
    },
  },
  {
    id: "cn-2020-05-01-free-do-not-host",
    from: "2020-04-30T16:00:00Z",
    until: "2029-12-31T16:00:00Z",
    countries: ["CN"],
    kinds: ["personal"],
    plans: ["free"],
    verbs: ["host"],
    decision: "deny",
    message: {
      en: "With the free plan you can join meetings, but not host them.",
      "zh-CN": "免费用户可以加入会议，但不能主持会议。",
    },
  },
  {
    id: "partners-sell",
    channels: ["partner"],
    partners: ["bizconf", "zhumu", "umeet"],
    verbs: ["buy", "upgrade", "renew"],
    decision: "allow",
  },
  {
    id: "europe",
    countries: ["EU"],
    verbs: ["register", "host", "buy", "upgrade", "renew", "support"],
    decision: "allow",
  },
  {
    id: "everybody-else",
    verbs: ["register", "host", "join", "buy", "upgrade", "renew", "support"],
    decision: "allow",
  },
];

const line = (version, name, status, approvals = 2) => ({
  id: `set-${version}`,
  version,
  name,
  status,
  revision: 3,
  created_at: `2020-0${version + 1}-01T08:00:00Z`,
  approvals: Array.from({ length: approvals }, (_, at) => ({
    member_id: `m${at}`,
    at: `2020-0${version + 1}-02T08:00:00Z`,
  })),
});

const written = (name, rule) => ({
  ...name,
  rules: { version: 1, groups: { EU: ["DE", "ES", "FR", "IT", "NL", "PL"] }, rule },
});

const lines = [
  line(4, "China, from September on", "draft", 0),
  line(3, "China 2020", "active"),
  line(2, "Individuals in China", "former"),
  line(1, "initial", "former", 0),
];

/** What is answered, by the path below /market/rules; "" is the list. */
export const answers = {
  "": { items: lines, next: null },
  "/active": written(lines[1], rules),
  "/4": written(lines[0], [
    { ...rules[0], id: "cn-partners-only", channels: ["direct", "online"] },
    ...rules.slice(1),
  ]),
  "/set-3/findings": { items: [], next: null },
  "/set-4/findings": {
    items: [{ kind: "overlapping", rule: "partners-sell", by: ["cn-partners-only"] }],
    next: null,
  },
  "/set-4/differences": {
    items: [
      { kind: "removed", rule: "cn-2020-08-23-no-direct-upgrade" },
      { kind: "added", rule: "cn-partners-only" },
      { kind: "changed", rule: "europe", was: { countries: ["EU"] }, now: { countries: ["EU", "GB"] } },
      { kind: "moved", rule: "partners-sell" },
    ],
    next: null,
  },
};

export const activations = {
  items: [
    {
      id: "a1",
      rule_set_id: "set-1",
      starts_at: "2020-02-01T00:00:00Z",
      began_at: "2020-02-01T00:00:00Z",
      cancelled_at: null,
    },
    {
      id: "a2",
      rule_set_id: "set-2",
      starts_at: "2020-03-01T00:00:00Z",
      began_at: "2020-03-01T00:00:00Z",
      cancelled_at: null,
    },
    {
      id: "a3",
      rule_set_id: "set-3",
      starts_at: "2020-04-30T16:00:00Z",
      began_at: "2020-04-30T16:00:00Z",
      cancelled_at: null,
    },
  ],
  next: null,
};

const group = (id, kind, channel, country, tenants) => ({
  example: { id, name: "", kind, channel, country },
  tenants,
});

function change(verb, rule, of) {
  const { offers, message, id } = rules.find((candidate) => candidate.id === rule);
  const tenants = of.reduce((sum, { tenants: count }) => sum + count, 0);
  return {
    verb,
    was: "allow",
    was_rule: "everybody-else",
    becomes: "deny",
    rule: id,
    offers: offers ?? [],
    message,
    tenants,
    of,
  };
}

export const simulation = {
  tenants: 40_012,
  at: "2020-08-23T00:00:00Z",
  compared_at: "2020-08-01T09:30:00Z",
  changes: [
    change("upgrade", "cn-2020-08-23-no-direct-upgrade", [
      group("a", "enterprise", "direct", "CN", 711),
      group("b", "personal", "direct", "CN", 101),
    ]),
    change("buy", "cn-2020-08-23-no-direct-upgrade", [
      group("a", "enterprise", "direct", "CN", 711),
      group("b", "personal", "direct", "CN", 101),
    ]),
  ],
};
