"""The mail by which a tenant's administrators are told of a withdrawal, in their language."""

from __future__ import annotations

from meetinghouse.mail.message import Mail
from meetinghouse.market.withdrawal_model import Withdrawal
from meetinghouse.people.model import Tenant

_SUBJECT = {
    "en": "What changes for {name}",
    "zh-CN": "{name} 的服务将有变化",
    "zh-TW": "{name} 的服務將有變化",
}
_BODY = {
    "en": "{message}\n\nFrom {stop} on: no {verbs}. You can go on with: {successors}, or take your data away, until {end}.\n"
    "Links, numbers and passcodes stay as they are.\n",
    "zh-CN": "{message}\n\n自 {stop} 起停止：{verbs}。在 {end} 之前，您可以选择：{successors}，或导出您的数据。\n"
    "链接、会议号和密码保持不变。\n",
    "zh-TW": "{message}\n\n自 {stop} 起停止：{verbs}。在 {end} 之前，您可以選擇：{successors}，或匯出您的資料。\n"
    "連結、會議號碼和密碼保持不變。\n",
}


def notice_mail(withdrawal: Withdrawal, tenant: Tenant, address: str, language: str | None) -> Mail:
    """What is sent to one administrator."""
    spoken = language if language in _BODY else "en"
    plan = withdrawal.plan
    body = _BODY[spoken].format(
        message=plan.message.get(spoken, plan.name),
        stop=plan.stop_at.date().isoformat(),
        end=plan.end_at.date().isoformat(),
        verbs=", ".join(plan.verbs),
        successors=", ".join(plan.successors) or "-",
    )
    subject = _SUBJECT[spoken].format(name=tenant.name)
    return Mail(to=address, subject=subject, body=body, sent_for=tenant.id, language=spoken)
