"""The text with which a host invites, in the language of who is invited."""
# ruff: noqa: RUF001 (Chinese punctuation is full-width)

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from msgspec import Struct

from meetinghouse.meetings.links import join_url, spoken
from meetinghouse.meetings.model import Meeting

LANGUAGES = ("en", "zh-CN", "zh-TW")


class Invitation(Struct, frozen=True):
    """What goes into a mail."""

    subject: str
    text: str


class _Words(Struct, frozen=True):
    subject: str
    opening: str
    title: str
    time: str
    repeats: str
    join: str
    number: str
    passcode: str
    moment: str
    weekdays: str


_WORDS = {
    "en": _Words(
        subject="Invitation: {title}",
        opening="{host} invites you to a meeting.",
        title="Topic: {title}",
        time="Time: {moment} ({zone})",
        repeats="This meeting repeats.",
        join="Join:",
        number="Meeting number: {number}",
        passcode="Passcode: {passcode}",
        moment="{weekday} {year}-{month:02d}-{day:02d} {hour:02d}:{minute:02d}",
        weekdays="Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    ),
    "zh-CN": _Words(
        subject="会议邀请：{title}",
        opening="{host} 邀请您参加会议。",
        title="主题：{title}",
        time="时间：{moment}（{zone}）",
        repeats="这是周期性会议。",
        join="入会链接：",
        number="会议号：{number}",
        passcode="密码：{passcode}",
        moment="{year}年{month}月{day}日 {weekday} {hour:02d}:{minute:02d}",
        weekdays="星期一 星期二 星期三 星期四 星期五 星期六 星期日",
    ),
    "zh-TW": _Words(
        subject="會議邀請：{title}",
        opening="{host} 邀請您參加會議。",
        title="主題：{title}",
        time="時間：{moment}（{zone}）",
        repeats="這是週期性會議。",
        join="入會連結：",
        number="會議號碼：{number}",
        passcode="密碼：{passcode}",
        moment="{year}年{month}月{day}日 {weekday} {hour:02d}:{minute:02d}",
        weekdays="星期一 星期二 星期三 星期四 星期五 星期六 星期日",
    ),
}


def invitation_to(meeting: Meeting, public_url: str, language: str, next_at: datetime | None) -> Invitation:
    """The invitation to a meeting; an unknown language reads English."""
    words = _WORDS.get(language, _WORDS["en"])
    lines = [words.opening.format(host=meeting.host_name), "", words.title.format(title=meeting.title)]
    if next_at is not None:
        zone = ZoneInfo(meeting.schedule.time_zone or "UTC")
        lines.append(words.time.format(moment=_moment(words, next_at.astimezone(zone)), zone=zone.key))
    if meeting.schedule.recurrence:
        lines.append(words.repeats)
    lines += ["", words.join, join_url(public_url, meeting.link_id, meeting.settings.passcode), ""]
    lines.append(words.number.format(number=spoken(meeting.number)))
    if meeting.settings.passcode:
        lines.append(words.passcode.format(passcode=meeting.settings.passcode))
    return Invitation(subject=words.subject.format(title=meeting.title), text="\n".join(lines) + "\n")


def _moment(words: _Words, local: datetime) -> str:
    return words.moment.format(
        weekday=words.weekdays.split()[local.weekday()],
        year=local.year,
        month=local.month,
        day=local.day,
        hour=local.hour,
        minute=local.minute,
    )
