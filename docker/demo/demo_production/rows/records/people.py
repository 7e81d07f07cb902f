"""Records of people and of the places and codes that describe them."""

from dataclasses import dataclass


@dataclass(slots=True)
class Country:
    """A country the shop knows."""

    code: str
    name: str
    in_eu: int


@dataclass(slots=True)
class TaxRate:
    """What a class of goods is taxed in one country."""

    country_code: str
    tax_class: str
    rate: str
    valid_from: str


@dataclass(slots=True)
class AdminUser:
    """A member of staff; `last_login_ip` is what INET6_ATON gives."""

    id: int
    username: str
    full_name: str
    email: str
    password_hash: str
    manager_id: int | None
    last_login_at: str | None
    last_login_ip: bytes | None


@dataclass(slots=True)
class Customer:
    """A customer, perhaps of fifteen years."""

    id: int
    number: str
    email: str
    login: str | None
    password_hash: str
    salutation: str
    first_name: str
    last_name: str
    company: str | None
    vat_id: str | None
    birth_date: str | None
    phone: str | None
    iban: str | None
    country_code: str
    referred_by: int | None
    legacy_no: int | None
    preferences: str | None
    newsletter: int
    created_at: str
    updated_at: str
    deleted_at: str | None

    @property
    def full_name(self) -> str:
        """Give first and last name as they are printed on a parcel."""
        return f"{self.first_name} {self.last_name}"


@dataclass(slots=True)
class Address:
    """Where a customer's invoices or parcels go."""

    id: int
    customer_id: int
    kind: str
    name: str
    street: str
    postcode: str
    city: str
    country_code: str
    latitude: float | None
    longitude: float | None


@dataclass(slots=True)
class LegacyCustomer:
    """A row of the old ERP's customer file, with that program's German names."""

    KdNr: int
    Name1: str
    Name2: str
    Strasse: str
    PLZOrt: str
    Umsatz: float
    Bemerkung: str | None


@dataclass(slots=True)
class Supplier:
    """Who delivers to the shop."""

    id: int
    name: str
    email: str
    contact: str | None
    iban: str | None
