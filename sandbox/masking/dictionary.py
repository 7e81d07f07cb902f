"""Words that may stay in free text: everyday words, and what programs say. More may stay in keys.

The everyday words are those of Faker's lorem providers, without every word that occurs in a name
of a person, a city, a street or a company in any of Faker's languages.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

_EVERYDAY = Path(__file__).with_name("everyday_words.txt")
_LETTERS = re.compile(r"[^\W\d_]+")
_CAMEL = re.compile(r"[^\W\d_a-z]+(?![a-z])|[^\W\d_][^\W\d_A-Z]*")

# What programs say: kept wherever text is masked, even where it is somebody's name as well. The
# lines from "additional" on are what PHP 8's own messages are made of, read through by hand; of
# contractions ("isn't") the word before the apostrophe, but Don, Won and Haven: they are people.
_MESSAGES = """
get post put patch delete head options trace connect http https ftp smtp sip mysql mysqli pdo tcp
udp unix tls ssl utf iso latin ascii json xml html css js php phtml phar ini conf log txt csv sql
jpg jpeg png gif pdf svg ico woff zip gz tar
debug info notice warn warning err error errors crit critical alert emerg emergency fatal
exception exceptions throwable typeerror valueerror argumentcounterror errorexception runtime
runtimeexception logicexception invalidargument invalidargumentexception pdoexception
jsonexception domainexception rangeexception lengthexception outofboundsexception
outofrangeexception overflowexception underflowexception unexpectedvalueexception
badmethodcallexception badfunctioncallexception parseerror arithmeticerror divisionbyzeroerror
stack trace thrown uncaught main require include once eval function class interface trait
namespace method static public protected private abstract final const var new clone instanceof
array string integer int float double bool boolean object null true false resource callable
iterable mixed void undefined variable index offset key property constant argument arguments
parameter parameters expected expects given exactly passed must be of type the returned return
returns call called to a an on in at by for from with without within and or not no is are was were
has have had been cannot can could will would should may might does do did done
unable failed failure success successful successfully denied refused forbidden allowed invalid
illegal unknown unexpected missing empty already exists exist found duplicate entry
contains contain too long short large small many few much more less than least most maximum
minimum limit exceeded size memory bytes byte exhausted tried allocate execution time timeout
timed out seconds second milliseconds ms minutes hours days killed terminated aborted closed
connection connections connecting connected client server servers upstream downstream host user
password using yes gone away lost during query reading writing read write while sending sent
received response request header headers body cookie session sessions started start stop stopped
ready listening accept accepted socket port address already use child worker workers pool process
pid master signal exited exit code status spawned busy max children reached consider raising
open opening directory file files path such permission stream wrapper operation
supported primary script unable forwarded unavailable temporarily
select insert update set into values where order group having join left right inner outer union
distinct count sum avg min max as asc desc create alter drop table tables column columns database
databases view trigger procedure event foreign primary unique constraint fails reference
references cascade restrict default character collate collation charset engine innodb myisam
sqlstate integrity violation syntax base statement incorrect value datetime date data
truncated row rows line lines near check manual that corresponds your version right
deadlock lock wait try restarting transaction rollback commit lost field list clause nonaggregated
expression functionally dependent incompatible sql mode only full
deprecated strict recoverable startup core compile parse modules module extension loaded load
headers modify information output handler shutdown autoload autoloader
mozilla windows linux android iphone ipad macintosh intel ubuntu debian cpu like mac os wow
compatible msie trident applewebkit webkit khtml gecko chrome chromium firefox safari edge edg
opera opr mobile version curl wget bot crawler spider wap x11 u win nt rv python requests
srv usr etc opt tmp lib library libraries bin sbin local share www public application
applications current releases release vendor controllers controller models model views configs
config configuration scripts index nginx apache fpm cgi fastcgi proxy localhost example test
invalid com net org de io
stdin stdout stderr sock mb locale lang
unknown none nil undefined nan inf secret token salt credentials passphrase passwd pwd bearer basic
api key keys private auth authorization csrf refresh access identified
additional all allocation append archive aren assigned attempt attempted attempting attribute
attributes being buffer callback callbacks changed characters classes closure closures command
constants constructed constructor contents context conversion convert converted converting
correctly corrupted corruption couldn created creating creation declaration declare declared
decode decoded decrement defined definition deleted depth descriptor detected didn directly
disabled doesn dynamic elements enable enabled encode encoded encoding end entries enum enums
equal escape exceed exceeds expecting fetch fetching filename filter flag format functions greater
handle hasn identifier if ignored ignoring implement implemented implements incomplete
inconsistent incorrectly increment initialization initialize initialized input instantiate
insufficient internal isn it length longer malformed matching methods mismatch multiple named
nesting non nullable numeric objects occurred offsets one opened operand operands operator
optional overflow override parsed parser parsing passing possibly precision prefix previous
previously properly protocol provided range readonly recursion recursive redeclare registered
requested required requires resolve returning scalar scope self serialization serialize serialized
setting shouldn specified state strings surrogate temporary timestamp timezone traversable trying
types unicode uninitialized unpaired unrecognized unserialization unserialize unset unsupported
used valid variables wasn weren wouldn writable zero
"""

# What keys of documents are called everywhere, and members of PHP's own classes (DateInterval's
# "recurrences"), as far as it is none of the words above or Faker's.
# Known in keys only: in free text Price and Page are people. What is only now and then a key, and a
# word that is rather somebody's name (Brand, Stock), comes from the application's own source. Where
# one word of a usual key is somebody's name (Per), the whole key is listed.
_KEYS = """
action active addresses admin app articles author authorized avatar average bar barcode batch baz
bbox billing birth blocked booking browser cart categories category channel charges city clients
colour comment comments company complete contact country coupon coupons currency cursor customers
day delivery description details device devices discount discounts docs domain domains duration
email emails endpoint expire expires expiry fax feature features filesize filters first firstname
flags folder foo footer gender groups guid hash height hex hidden homepage hour href iban icon
icons id ids idx images invert invoice invoices ip items keyword keywords label labels lastname
lat latitude layout lifetime link lists lng locked login logo logout logs longitude mail members
messages meta metadata mime mimetype modified newsletter node nodes nonce notes num numbers orders
origin page pages param params parent payload payment payments pending per_page percent percentage
permissions phone phones photo photos platform point postal postcode posts preference preferences
prev price prices product products properties provider province published qty quantity queue
rating ratio recurrences redirect ref referer referrer refund refunded refunds relative remark
results retry reviews role roles root route routes search seen selected seq sequence serial
settings severity shipment shipping signature sku slug source storage street subtotal suffix
summary surname tags target tasks template texts theme thumbnail title tokens total totals ttl uid
unit units updated uri url urls username users uuid vat versions volume warnings website weekday
width zipcode
"""

# Elements and attributes of HTML, SVG, SOAP and feeds. Known in markup only, for Li is a name, too.
_MARKUP = """
abbr accept action address align alt aria-hidden aria-label article aside atom audio autocomplete
bgcolor blockquote body border br button caption cellpadding cellspacing center channel charset
checked circle cite class code col colgroup color cols colspan content contenteditable cx cy data
datetime dd defs del details dir disabled div dl dt ellipse em encoding enctype entry envelope
face fault faultactor faultcode faultstring feed fieldset figcaption figure fill font footer for
form frame generator guid head header height hr href hreflang hspace html http-equiv id iframe img
input ins item label lang lastbuilddate legend li line link main map maxlength media meta method
name nav nowrap ol onclick onload optgroup option path picture placeholder polygon polyline pre
pubdate readonly rect rel role rows rowspan rss rx ry schemalocation scope script section select
selected size small soap soapenv source span src srcset standalone strike stroke strong style sub
summary sup svg tabindex table target tbody td text textarea tfoot th thead time title tr tspan tt
type ul updated use valign value var version video viewbox vspace wbr width xhtml xlink xml xmlns
xs xsd xsi xsl
"""


@cache
def message_words() -> frozenset[str]:
    """Give the words that programs, servers and browsers say."""
    return frozenset(_MESSAGES.split())


@cache
def key_words() -> frozenset[str]:
    """Give words and whole names that keys of documents are made of, whatever the application."""
    return frozenset(_KEYS.split())


@cache
def markup_words() -> frozenset[str]:
    """Give the names of elements and attributes of well-known kinds of markup, in lower case."""
    return frozenset(_MARKUP.split())


@cache
def general_words() -> frozenset[str]:
    """Give everyday words of several languages that are nobody's and no place's name.

    `scripts/gather_words.py` wrote them down: gathering takes most of a second, and 45 MB, in every
    process.
    """
    return frozenset(_EVERYDAY.read_text(encoding="utf-8").split())


def split_words(texts: Iterable[str]) -> frozenset[str]:
    """Give the words of texts, as a vocabulary compares them."""
    return frozenset(word.casefold() for text in texts for word in _LETTERS.findall(text))


def split_camel(word: str) -> list[str]:
    """Split a name of a program at its capitals.

    >>> split_camel("BasketsController"), split_camel("JSONException")
    (['Baskets', 'Controller'], ['JSON', 'Exception'])
    """
    return _CAMEL.findall(word) or [word]


def word_set(words: str) -> frozenset[str]:
    """Give the words of a text as a set."""
    return frozenset(words.split())
