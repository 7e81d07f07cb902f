"""Names of what persons have, in the languages of the masking packs and their neighbours.

For names that no column of the schema has: there, its rules tell. When in doubt, it is a person's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from sandbox.masking.dictionary import split_camel, word_set

MAIL_ADDRESS = re.compile(
    r"[^\s@<>,;:\"'()\[\]|=/\\]{1,64}@[^\s@<>,;:\"'()\[\]|=/\\?&]{1,255}",
)
"""A mail address, wherever it stands in what a request carries."""

# What somebody is born, hired, married and buried with: of it, no part stays, be it a year.
_OF_LIFE = re.compile(
    r"\w*(?:birth|geburt|naissance|nacimiento|nascita|nascimento|geboorte)\w*|b(?:orn|day)|dobs?"
    r"|geb(?:dat|datum|jahr|tag|oren)?|naci(?:do|da)|nato|nata|née?|ages?|alter|jahrgang|edad|età"
    r"|death\w*|died|dies|dead|deceased|[vg]e(?:r)?storben\w*|tod(?:es\w*)?|sterbe\w*|décès|deces"
    r"|fallec\w*|décédée?|morte|muerte|overl[ei]\w*|burial|funeral|baptis\w*|taufe|tauf(?:tag|datum)"
    r"|hired?|hiring|employ(?:ed|ment)|join(?:ed|ing)|eingestellt|einstell(?:ungs)?datum|eintritt\w*"
    r"|austritt\w*|angestellt|embauche\w*|contrataci[oó]n|assun(?:to|ta|zione)"
    r"|(?:re)?married|marriages?|marital|weddings?|anniversar(?:y|ies)|engaged|divorced?|widowed"
    r"|hochzeit\w*|(?:ver)?heirat\w*|trauung\w*|verlobt\w*|geschieden|scheidung\w*|verwitwet"
    r"|familienstand|mariage|mariée?|matrimoni[oa]l?|boda|casad[oa]|huwelijk\w*|retire[ds]?"
    r"|retirement|rente|renten\w*|pension\w*|graduat\w*|pregnan\w*|schwanger\w*|diagnos\w*"
    r"|vaccinat\w*|admission|discharged?|fired|dismissed|resigned|gekündigt|gekuendigt"
)
# Numbers that a state, a bank or an employer gave somebody, even where they are called "id".
_OF_DOCUMENTS = re.compile(
    r"ssns?|pans?|nino|bsn|dni|nif|cpf|curp|pesel|insee|ahv\w*|fiscal\w*|codicefiscale|passports?|passnr"
    r"|\w*ausweis\w*|reisepass\w*|steuer(?:id|nr|nummer)\w*|ust(?:id|idnr)|\w*versicherungs\w*"
    r"|versicherten\w*|ibans?|konto(?:nr|nummer|nummern)?|blz|salar(?:y|ies)|wages?|gehalt|gehälter"
    r"|lohn|löhne|einkommen|creditcards?|cardnumbers?|ccnumbers?|kreditkarten?\w*|kartennummern?"
)
_WITH_NUMBERS = word_set(
    "tax vat national nat social insurance security driver drivers driving licence license "
    "personal identity citizen account bank steuer sozial patient medical cc card"
)
_NUMBERS = word_set("id ids no nr num number numbers nummer nummern last answer answers antwort")
# How to reach somebody and where: but for keys of tables that are called so, and what counts them.
_OF_CONTACTS = re.compile(
    r"(?:tele|mobile?)?(?:phone|fon)(?:s|numbers?)?|tel(?:efon(?:e|nr|nummern?)?)?|mobil(?:e|nummer)?s?"
    r"|handy(?:s|nr|nummer)?|(?:tele)?fax|cell|rufnummer|e?mails?|mailadresse|logins?|username"
    r"|loginname|nicks?|nickname|benutzername|(?:first|last|full|sur|fore|given|family)name"
    r"|(?:vor|nach|zu)name|surname|forename|street|stra(?:ss|ß)e|hausn(?:r|ummer)|addr(?:ess(?:es)?)?"
    r"|adressen?|anschrift(?:en)?|zip|zipcode|post(?:code|al|alcode|leitzahl)|plz|cards?|karten?"
    r"|swift|bic|genders?|sex|geschlecht|religion|konfession|nationality|salutation|anrede"
)
_OF_PLACES = re.compile(
    r"lat|lng|lon|lat(?:lng|lon|long)|lnglat|lonlat|latitudes?|longitudes?|coords?|coordinates?"
    r"|coordonn[ée]es|geo|geo(?:location|point|position|code)|gps|locations?|bbox|koordinaten?"
    r"|standort|breitengrad|l(?:ä|ae)ngengrad|latitud|longitud|latitudine|longitudine"
)
_NO_VALUES = word_set(
    "id ids type types kind count counts status state valid verified required enabled page limit"
)
_SOMEBODY = re.compile(
    r"customers?|users?|persons?|people|persona[ls]?|patients?|employees?|staff|members?|memberships?"
    r"|contacts?|clients?|child|children|spouses?|wife|husband|mother|father|partners?|guests?|me|self"
    r"|students?|pupils?|teachers?|authors?|owners?|holders?|passengers?|travell?ers?|applicants?"
    r"|candidates?|insured|drivers?|profiles?|accounts?|kunden?|kundin\w*|benutzer\w*|nutzer\w*"
    r"|mitarbeiter\w*|mitglied\w*|patientin\w*|kinder|ehe(?:mann|frau|partner\w*)|g[aä]st\w*|schüler\w*"
    r"|schueler\w*|fahrer\w*|personne[ls]?|personas?|clientes?|emplead[oa]s?|utent[ei]|klant\w*"
    r"|medewerkers?|inhaber\w*|ansprechpartner\w*|identity"
)


def names_person(name: str) -> bool:
    """Tell whether what is called so is of a person, whatever the schema is.

    >>> [names_person(one) for one in ("died_on", "birthYear", "tax_id", "lat", "phone2")]
    [True, True, True, True, True]
    >>> [names_person(one) for one in ("product_id", "address_id", "tax_rate", "date", "quantity")]
    [False, False, False, False, False]
    """
    words = words_in(name)
    if any(_OF_LIFE.fullmatch(word) or _OF_DOCUMENTS.fullmatch(word) for word in words):
        return True
    if any(one in _WITH_NUMBERS and two in _NUMBERS for one, two in pairwise(words)):
        return words[:2] not in (("patient", "id"), ("card", "id"), ("account", "id"))
    if words[-1] in _NO_VALUES:
        return False
    joined = "".join(words)
    if joined == "long" or re.search(r"last_?4", name, re.IGNORECASE):
        return True
    return any(
        _OF_CONTACTS.fullmatch(word) or _OF_PLACES.fullmatch(word) for word in (*words, joined)
    )


def names_somebody(name: str) -> bool:
    """Tell whether a name is that of a person as a whole: days within may be of a birth.

    >>> names_somebody("newCustomer"), names_somebody("orders")
    (True, False)
    """
    return any(_SOMEBODY.fullmatch(word) for word in words_in(name))


def is_id_like(name: str) -> bool:
    """Tell whether a name is one of a key: ``id``, ``product_id``, ``itemIds``."""
    return words_in(name)[-1] in {"id", "ids"}


def words_in(name: str) -> Sequence[str]:
    """Give the words of a name, folded.

    >>> words_in("birthDate_2")
    ('birth', 'date')
    """
    return tuple(word.casefold() for word in split_camel(name))
