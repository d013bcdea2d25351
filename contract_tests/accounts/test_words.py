"""Single words of the identity server: what is taken as sent, what tokens claim, and how a call refuses."""

import pytest

from contract_tests.claims import claim, expect, observe
from contract_tests.kit import Cloud, behaviour
from contract_tests.oauth import Browser, by_password, claims, code, exchange, granted, page_refused, register


@behaviour("ACC-ANON-01")
def test_the_claims_of_a_guest(cloud: Cloud) -> None:
    """An anonymous JWT names its guest, its product, its issuer in labels, and lasts a day."""
    guest = cloud.guest()
    found = claims(guest.token)
    with claim("ACC-ANON-01", "it has five claims"):
        expect(set(found), {"anonymous_id", "product_type", "iss", "iat", "exp"})
    with claim("ACC-ANON-01", "it names its guest and the product onesna"):
        expect((found["anonymous_id"], found["product_type"]), (guest.id, "onesna"))
    with claim("ACC-ANON-01", "its issuer is a list, and it lasts a day"):
        expect((type(found["iss"]), found["exp"] - found["iat"]), (list, 86_400))


@behaviour("ACC-GEN-04")
def test_blanks_are_trimmed_of_a_name_and_not_of_a_password(cloud: Cloud) -> None:
    """A user name loses the blanks around it, a password is taken exactly as it was sent."""
    client, (name, password) = register(cloud), cloud.credentials()
    with claim("ACC-GEN-04", "blanks around a user name do not matter"):
        observe(by_password(cloud, client, username=f" {name} ").status_code, 200)
    for what, wrong in {"before": f" {password}", "behind": f"{password} "}.items():
        with claim("ACC-GEN-04", f"a blank {what} a password makes it another one"):
            observe(by_password(cloud, client, password=wrong).status_code, 400)


@behaviour("ACC-GEN-04")
def test_blanks_of_a_nonce_belong_to_it(cloud: Cloud) -> None:
    """A nonce comes back in the id_token exactly as it was sent."""
    client = register(cloud)
    found = granted(exchange(cloud, client, code(cloud, client, nonce=" n 1 ")))
    with claim("ACC-GEN-04", "blanks of a nonce come back"):
        observe(claims(found["id_token"])["nonce"], " n 1 ")


@behaviour("ACC-GEN-04")
@pytest.mark.parametrize("password", [" secret", "secret ", "\tsecret"])
def test_blanks_of_a_password_belong_to_it(cloud: Cloud, password: str) -> None:
    """A password is taken exactly as it was sent: with its blanks it is right, without them it is wrong."""
    cloud.user("pat@example.com", password=password)
    client = register(cloud)
    with claim("ACC-GEN-04", "with its blanks it is right"):
        observe(by_password(cloud, client, username=" pat@example.com ", password=password).status_code, 200)
    with claim("ACC-GEN-04", "without them it is wrong"):
        observe(by_password(cloud, client, username="pat@example.com", password="secret").status_code, 400)


@behaviour("ACC-GEN-05", "ACC-GEN-06")
@pytest.mark.parametrize("path", ["/account/login/", "/account/logout/"])
def test_a_bad_request_for_a_page_is_answered_with_one(cloud: Cloud, path: str) -> None:
    """Where a person looks at the answer, what was wrong stands on a page."""
    browser = Browser(cloud)
    with claim("ACC-GEN-05", "ACC-GEN-06", "a parameter given twice is refused by a page"):
        page_refused(browser.send("GET", f"{path}?next=/&next=/"), 400)
