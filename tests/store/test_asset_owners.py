from __future__ import annotations

import pytest

from scanner.store.asset_owners import AssetOwner, AssetOwners

OWNERS = AssetOwners(
    [
        AssetOwner("/srv/shares", "Everybody"),
        AssetOwner("/srv/shares/Housing/", "Housing"),
        AssetOwner("/home/*/Documents", "Its user"),
        AssetOwner("/home/**/Payroll", "Payroll"),
        AssetOwner("/data/20[12]?", "Archive"),
        AssetOwner("/data/2019", "Auditor"),
        AssetOwner("smb://files01/hr", "People"),
        AssetOwner("/caf\u00e9/**/*.d", "Caf\u00e9"),
    ]
)


@pytest.mark.parametrize(
    ("path", "owner", "why"),
    [
        ("/srv/shares/Housing/a/b.doc", "Housing", "the most particular path"),
        ("/srv/shares/Housing", "Housing", "the folder itself"),
        ("/srv/shares/Housing2/a.doc", "Everybody", "a name that only begins alike"),
        ("/srv/sharesx/a", "", "beneath nothing that is named"),
        ("/home/ann/Documents/x/y.doc", "Its user", "one name for *"),
        ("/home/ann/b/Documents/y.doc", "", "* crosses no folder"),
        ("/home/ann/b/c/Payroll/y.doc", "Payroll", "** crosses folders"),
        ("/home/Payroll/y.doc", "Payroll", "** stands for none, too"),
        ("/home/ann/Payroll2/y.doc", "", "a whole name"),
        ("/home/ann/Documents/Payroll/y", "Its user", "the glob that spells out more"),
        ("/data/2015/x", "Archive", "a set of characters"),
        ("/data/2035/x", "", "not in the set"),
        ("/data/2019/x", "Auditor", "a path before a glob"),
        ("smb://files01/hr/x", "People", "an address"),
        ("smb://files01/hr2/x", "", "another share"),
        ("/caf\u00e9/a/x.d/y", "Caf\u00e9", "names beyond ASCII"),
        ("/home/a\nb/Documents/y", "Its user", "a line break in a name"),
    ],
)
def test_who_answers_for_a_path(path: str, owner: str, why: str) -> None:
    assert OWNERS.of(path) == owner, why


def test_the_whole_machine_has_an_owner_too() -> None:
    assert AssetOwners([AssetOwner("/", "IT")]).of("/srv/a") == "IT"
