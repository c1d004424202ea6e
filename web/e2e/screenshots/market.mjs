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

export const active = {
  id: "set-2020",
  name: "China 2020",
  activated_at: "2020-03-01T00:00:00Z",
  rules: { version: 1, groups: { EU: ["DE", "ES", "FR", "IT", "NL", "PL"] }, rule: rules },
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
