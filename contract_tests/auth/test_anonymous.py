import jwt

from contract_tests.claims import expect, observe
from contract_tests.kit import JWT, OBJECT_ID, Cloud, behaviour

NO_CLAIMS_YET = True


@behaviour("USERS-ANON-01", "USERS-ANON-02")
def test_a_form_gives_a_token_and_nothing_else(cloud: Cloud) -> None:
    """A form with a display name is answered by one member, the token."""
    answer = cloud.call("POST", "/anonymous/auth", data={"displayname": "Gil", "room": "ignored"})
    expect(answer.status_code, 200)
    expect(answer.json(), {"token": JWT})


@behaviour("ACC-ANON-01")
def test_the_token_has_the_documented_header_and_claims(cloud: Cloud) -> None:
    """Header and claims come in the documented order, the issuer as an array of labels."""
    token = cloud.guest().token
    claims = jwt.decode(token, options={"verify_signature": False})
    expect(list(jwt.get_unverified_header(token).items()), [("typ", "JWT"), ("alg", "HS256")])
    expect(list(claims), ["anonymous_id", "product_type", "iss", "iat", "exp"])
    expect(claims["anonymous_id"], OBJECT_ID)
    expect(claims["exp"] - claims["iat"], 86_400)
    observe(claims["iss"], ["avayacloud", "com"])
