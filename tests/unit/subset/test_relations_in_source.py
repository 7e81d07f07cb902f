"""What PHP source says of relations: parsed as applications write it, never run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sandbox.model import Column, Key, Origin, Schema, Table
from sandbox.subset.relations.application import read_application
from sandbox.subset.relations.php import read_source
from sandbox.subset.relations.stated import Stated
from sandbox.subset.relations.written import written
from schemas import schema


def made(name: str, *columns: str, key: tuple[str, ...] = ("id",)) -> Table:
    named = tuple(Column(one, "int", "int(11)") for one in dict.fromkeys((*key, *columns)))
    return Table(name, "InnoDB", named, (Key("PRIMARY", key),))


DESK = schema(
    made("hd_users", "department_id"),
    made("hd_departments"),
    made("hd_tickets", "user_id", "agent", "dept", "category_id"),
    made("hd_ticket_lines", "no", key=("ticket_id", "no")),
    made("hd_notes", "ticket", "line", "created_by_id"),
    made("hd_categories", "parent_id"),
)

ABSTRACT = """<?php
abstract class App_Db_Table extends Zend_Db_Table_Abstract
{
    const PREFIX = 'hd_';
    const AGENT = 'agent';
}
"""
USERS = """<?php
class Application_Model_DbTable_Users extends App_Db_Table {
    protected $_name = self::PREFIX . 'users';
    protected $_dependentTables = array('Application_Model_DbTable_Tickets');
}
"""
TICKETS = """<?php
class Application_Model_DbTable_Tickets extends App_Db_Table
{
    protected $_name = 'hd_tickets';

    protected $_referenceMap = array(
        'Owner' => array(
            'columns'       => 'user_id',
            'refTableClass' => 'Application_Model_DbTable_Users',
            'refColumns'    => 'id',
            'onDelete'      => self::CASCADE,
        ),
        'Agent' => [
            self::COLUMNS         => [App_Db_Table::AGENT],
            self::REF_TABLE_CLASS => Application_Model_DbTable_Users::class,
        ],
        // Of a table that this database has not.
        'Branch' => array('columns' => 'dept', 'refTableClass' => 'Branches', 'refColumns' => 'id'),
        'Computed' => array('columns' => strtolower('DEPT'), 'refTableClass' => 'Departments'),
    );
}
"""
NOTES = """<?php
class Notes extends App_Db_Table {
    public function init() { $this->_name = 'hd_notes'; }
    protected $_referenceMap = array('Line' => array(
        'columns' => array('ticket', 'line'), 'refTableClass' => 'TicketLines',
        'refColumns' => array('ticket_id', 'no')));
}
class TicketLines extends App_Db_Table { protected $_name = 'hd_ticket_lines'; }
"""
# Runs away if anybody runs it.
HOSTILE = "<?php touch('RAN'); class A extends Zend_Db_Table { protected $_name = 'x'; }"
BROKEN = "<?php class Users extends Zend_Db_Table { protected $_name = 'hd_users' "

ANNOTATED = """<?php
namespace App\\Entity;
use Doctrine\\ORM\\Mapping as ORM;

/**
 * @ORM\\Entity(repositoryClass="App\\Repository\\TicketRepository")
 * @ORM\\Table(indexes={@ORM\\Index(name="x", columns={"agent"})}, name="hd_tickets")
 */
class Ticket extends Base
{
    /**
     * @var User
     * @ORM\\ManyToOne(targetEntity="User", inversedBy="tickets")
     * @ORM\\JoinColumns({
     *   @ORM\\JoinColumn(name="agent", referencedColumnName="id", onDelete="CASCADE")
     * })
     */
    private $assignee;

    /** @ORM\\ManyToOne(targetEntity=Category::class) */
    private $category;

    /** @ORM\\OneToMany(targetEntity="Note", mappedBy="ticket") */
    private $notes;
}
"""
ATTRIBUTES = """<?php
namespace App\\Entity;
use Doctrine\\ORM\\Mapping\\{Entity, Table, ManyToOne, JoinColumn};
use Doctrine\\ORM\\Mapping as ORM;

trait Blameable {
    #[ManyToOne(targetEntity: User::class)]
    #[JoinColumn(name: 'created_by_id', referencedColumnName: 'id')]
    private ?User $creator = null;
}
#[Entity, Table(name: User::TABLE)]
class User {
    const TABLE = 'hd_users';
    public function __construct(
        #[ORM\\ManyToOne] private Department $department,
    ) {}
}
#[Entity] #[Table(name: 'hd_departments')] class Department {}
#[ORM\\Entity] #[ORM\\Table('hd_notes')]
final class Note { use Blameable; }
#[Entity]
class Category {
    #[ManyToOne(targetEntity: self::class)]
    private ?Category $parent;
    #[ORM\\OneToOne(mappedBy: 'category', targetEntity: Nothing::class)]
    private $inverse;
    #[ManyToOne(targetEntity: Elsewhere::class)]
    private $elsewhere;
}
"""


def said(folder: Path, schema_: Schema = DESK, **files: str) -> Stated:
    for name, text in files.items():
        (folder / f"{name}.php").write_text(text)
    return read_application(schema_, folder)


def lines(stated: Stated) -> set[str]:
    return {written(one.key) for one in stated.proposals}


def test_zend_references_of_both_array_forms_and_through_abstract_classes(tmp_path: Path) -> None:
    stated = said(tmp_path, a=ABSTRACT, u=USERS, t=TICKETS, n=NOTES)
    assert lines(stated) == {
        "hd_tickets.user_id -> hd_users.id",
        "hd_tickets.agent -> hd_users.id",
        "hd_notes.(ticket, line) -> hd_ticket_lines.(ticket_id, no)",
    }
    assert {one.key.origin for one in stated.proposals} == {Origin.ZEND}
    by_name = {one.key.columns: one for one in stated.proposals}
    assert by_name["user_id",].key.cascades
    assert not by_name["agent",].key.cascades
    assert by_name["user_id",].said == (
        "rule Owner of $_referenceMap in Application_Model_DbTable_Tickets"
    )
    assert stated.dependents == {("hd_tickets", "hd_users")}
    assert stated.notes == (
        "4 PHP files read",
        "2 relations of the source name what the database has not",
    )


def test_doctrine_annotations_attributes_traits_and_promoted_properties(tmp_path: Path) -> None:
    stated = said(tmp_path, a=ANNOTATED, b=ATTRIBUTES)
    assert lines(stated) == {
        "hd_tickets.agent -> hd_users.id",
        "hd_tickets.category_id -> hd_categories.id",
        "hd_notes.created_by_id -> hd_users.id",
        "hd_users.department_id -> hd_departments.id",
        "hd_categories.parent_id -> hd_categories.id",
    }
    assert {one.key.origin for one in stated.proposals} == {Origin.DOCTRINE}
    (agent,) = [one for one in stated.proposals if one.key.columns == ("agent",)]
    assert agent.key.cascades
    assert agent.said == "$assignee of the entity App\\Entity\\Ticket"
    assert stated.notes[1:] == ("1 relations of the source name what the database has not",)


def test_what_has_no_end_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "zero.php").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "pipe.php")
    code = "class hd_tickets { } " + "if (1) { " * 3000 + "class Deep { } " + "} " * 3000
    (tmp_path / "deep.php").write_text(f"<?php {code}")
    source = read_source(tmp_path)
    assert (source.read, source.skipped, list(source.classes)) == (1, 2, ["hd_tickets"])


def test_broken_files_are_skipped_and_counted_and_none_is_run(tmp_path: Path) -> None:
    (tmp_path / "vendor").mkdir()
    (tmp_path / "vendor" / "library.php").write_text(TICKETS)
    (tmp_path / "read.me").write_text(TICKETS)
    (tmp_path / "latin.php").write_bytes(b"<?php // \xfc\xe4\nclass L {}")
    ran = tmp_path / "ran"
    stated = said(tmp_path, a=ABSTRACT, b=BROKEN, h=HOSTILE.replace("RAN", str(ran)))
    assert lines(stated) == set()
    assert stated.notes == (
        "3 PHP files read",
        "1 PHP files skipped: no valid PHP, too large or unreadable",
    )
    assert not ran.exists()


@pytest.mark.parametrize(
    "text",
    [
        "<?php class A extends Zend_Db_Table { protected $_referenceMap = " + "[" * 5000,
        "<?php class A extends Zend_Db_Table { protected $_referenceMap = "
        + "[" * 3000 + "]" * 3000 + "; }",
        ("<?php class A extends B {} class B extends A { const X = self::X; "
        "protected $_name = self::X; }"),
        ("<?php class A extends Zend_Db_Table { const X = self::Y; const Y = A::X; "
        "protected $_name = self::X . self::X; protected $_referenceMap = [[]]; }"),
        "<?php class A { function f() { " + "if (1) {" * 2000 + "}" * 2000 + "} }",
        "",
        "\0\0\0class",
    ],
)  # fmt: skip
def test_hostile_source_leads_nowhere(tmp_path: Path, text: str) -> None:
    assert lines(said(tmp_path, x=text)) == set()
