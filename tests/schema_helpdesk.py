"""A helpdesk that grew for years: attachments of anything, and hardly any declared key.

People are referred to under ten names, rows are deleted by a date only, and some references are
natural keys that the collation compares. Beside them stand columns that look like keys and are
none.
"""

from __future__ import annotations

from schema_made import MadeSchema, make_schema
from schema_odd import Planter

_KINDS = "App_Model_Ticket=tickets App_Model_Article=articles App_Model_User=users"
_TAGGED = "ticket=tickets article=articles organisation=organisations"
_WATCHED = "Ticket=tickets Organisation=organisations"

TABLES = f"""
languages 6
    primary code
    code code; title name; external_id int !
departments 12
    id id; parent_id ref? ~ SELF; name name; external_id int? !; year year; status small !
organisations 400
    id id; parent_id ref- ~ SELF; name name; domain code; created_by ref? ~ users@80
    deleted_at deleted?
    year year; status_id small !; external_id int? !; iban iban?; vat_code code?; notes text?
    key parent_id
users 1800
    id id; login code; email mail; full_name name; organisation_id ref% ~ organisations
    department ref? ~ departments; manager_id ref? ~ SELF@80; language code ~ languages.code
    phone phone?; created_at moment; deleted_at deleted?; last_ip ip?; external_id int? !
    status status; marks marks; year year; born date?; remark free?; preferences_json json?
    unique login; key organisation_id
user_profiles 1700
    primary user_id
    user_id ref > users; bio text?; signature label?; photo_gzip gzip?; shift_start time?
    card_no card?
roles 8
    id id; name name; level small
role_user 1900
    primary user_id role_id
    user_id ref > users; role_id ref > roles
teams 30
    id id; name name; lead ref? ~ users@80; department_id ref% ~ departments
team_members 300
    team ref ~ teams; member ref ~ users@80; since date?
    key team
queues 15
    id id; slug code; title name; team_id ref? ~ teams; type_id small !; sort_key int !
    unique slug
sla_levels 5
    primary level_code
    level_code code; minutes int
tickets 4000
    id id; number number; subject label?; queue_slug code? ~ queues.slug
    requester_id ref ~ users; assignee ref? ~ users@80; reporter_id ref% ~ users@80
    created_by ref? ~ users@80; closed_by ref? ~ users@80; organisation_id ref? ~ organisations
    merged_into_id ref- ~ SELF; duplicate_of ref- ~ SELF.id
    sla code? ~ sla_levels.level_code; status status; marks marks; priority_id small !
    year year; external_id int? !; created_at moment; due date?; deleted_at deleted?; hours real?
    cost money?; cc_mail mail?; form_serialized serialized?; channel free?; legacy_id int? !
    unique number; key requester_id; key assignee; key organisation_id
ticket_messages 5000
    id id; ticket_id ref ~ tickets; author ref? ~ users; body text?; in_reply_to ref- ~ SELF
    created_at moment; status_id small !; message_id hash !; source_ip ip?; deleted_at deleted?
    key ticket_id
comments 2500
    id id; parent_id ref% ~ SELF; ticket_number number ~ tickets.number
    user_login code ~ users.login
    body text?; created_at moment; is_private flag
    key ticket_number; key parent_id
assignments 1600
    id id; ticket ref ~ tickets; from_user ref% ~ users@80; to_user ref ~ users@80
    assigned_by ref? ~ users@80
    assigned_at moment
    key ticket
ticket_history 2600
    id id; ticket_id ref ~ tickets; changed_by ref? ~ users@80; field word; old_value label?
    new_value label?; changed_at moment
    key ticket_id
categories 60
    id id; parent_id ref% ~ SELF; title name; position_id small !
articles 500
    id id; author_id ref ~ users@80; category_id ref? ~ categories; title label; body text?
    replaced_by ref- ~ SELF; published_at moment?; deleted_at deleted?
    language code? ~ languages.code
    year year; status_id small !; views int
    key author_id; key category_id
article_versions 900
    id id; article_id ref > articles; edited_by ref ~ users@80; body text?; diff_base64 base64?
    key article_id
attachments 1800
    id id; owner_type word; owner_id ref ~ by owner_type {_KINDS}
    file_name code; mime word; packed gzip?; uploaded_by ref? ~ users@80; checksum hash
    size_id int !
    created_at moment; external_id int? !
    key owner_type owner_id
tags 150
    id id; name word; colour free?
taggings 2000
    id id; tag_id ref ~ tags; taggable_type word; taggable_id ref ~ by taggable_type {_TAGGED}
    key taggable_id taggable_type; key tag_id
watchers 900
    watched_type word; watched_id ref ~ by watched_type {_WATCHED}
    user ref ~ users@80; since moment?
    key watched_id
saved_views 120
    id id; owner ref ~ users@80; title name; filter_json json?; shared_with_team ref? ~ teams
macros 40
    id id; name name; actions_serialized serialized?; created_by ref? ~ users@80
time_entries 1200
    id id; ticket_id ref ~ tickets; worker_id ref ~ users@80; minutes_id small !; entered_at moment
    hours real; rate money?; year year
    key ticket_id
surveys 3900
    id id; ticket_id ref ~1 tickets; answered_by ref? ~ users; score small; remark label?
    sent_at stamp?
    key ticket_id
mail_queue 700
    id id; ticket_id ref? ~ tickets; recipient mail; headers_latin latin?; body_base64 base64?
    message_id hash !; tries small; sent_at moment?
sessions 300
    primary session_id
    session_id hash !; user_id ref% ~ users; data_serialized serialized?; modified int
audit_log 1500
    actor_id ref% ~ users; object_type word; object_id int !; action word; happened_at moment
    year year
settings 40
    primary code
    code code; value label?; type_id small !
"""

RULES = """
extends: [common]
columns:
  "number|ticket_number|*_type|mime|code|language|slug|queue_slug|sla|level_code|field|action": keep
  "login|user_login|domain|file_name": shape
  "channel|colour|remark": keep
  "packed|*_gzip": keep
  "*_base64": shape
  "*_serialized": serialized
  "*_json": json
  "card_no": card
  "born|due|since|*_at": keep
types:
  "*int|decimal|double|enum|set|date|datetime|timestamp|time": keep
  "*char|*text": shape
"""


def make_helpdesk() -> MadeSchema:
    """Make the helpdesk with its rows."""
    return make_schema(TABLES, "utf8mb4_unicode_ci", seed=30, times=10)


def plant_in_helpdesk(schema: MadeSchema) -> Planter:
    """Plant each class of odd rows, and each odd relation."""
    planter = Planter(schema)
    planter.plant("text", "ticket_messages.body", "users.full_name", "articles.title")
    planter.plant("kept", "users.remark", "tickets.channel", "tags.colour")
    planter.plant("number", "time_entries.rate", "tickets.cost", "tickets.priority_id")
    planter.plant("limit", "ticket_messages.status_id", "attachments.size_id", "articles.views")
    planter.plant("date", "tickets.due", "users.born", "time_entries.entered_at")
    planter.plant("time", "user_profiles.shift_start")
    planter.plant("enum", "users.status", "tickets.status")
    planter.plant("set", "users.marks", "tickets.marks")
    planter.plant("mail", "users.email", "mail_queue.recipient", "tickets.cc_mail")
    planter.plant("iban", "organisations.iban")
    planter.plant("card", "user_profiles.card_no")
    planter.plant("json", "users.preferences_json")
    planter.plant("serialized", "tickets.form_serialized")
    planter.plant("base64", "mail_queue.body_base64", "article_versions.diff_base64")
    planter.plant("gzip", "user_profiles.photo_gzip", "attachments.packed")
    for count, place in (
        (1, "ticket_messages.ticket_id"), (2, "comments.parent_id"), (5, "tickets.assignee"),
        (1, "attachments.owner_id"), (2, "taggings.taggable_id"), (5, "users.manager_id"),
        (1, "article_versions.article_id"), (2, "mail_queue.ticket_id"), (5, "articles.author_id"),
    ):  # fmt: skip
        planter.orphan(place, count)
    planter.orphan("comments.ticket_number", 2, "'4000000000'")
    planter.orphan("tickets.queue_slug", 1, "'gone_77'")
    planter.self_loop("comments.parent_id", 2)
    planter.self_loop("users.manager_id", 1)
    planter.self_loop("categories.parent_id", 1)
    planter.cycle("organisations.parent_id")
    planter.cycle("comments.parent_id")
    planter.move("surveys.ticket_id", "second child", 2)
    planter.move("ticket_messages.ticket_id", "largest family", 90)
    planter.variants("organisations.name", "tickets.subject")
    return planter
