import jwt

from contract_tests.claims import claim, expect, observe
from contract_tests.kit import JWT, OBJECT_ID, Cloud, behaviour


@behaviour("USERS-ANON-01", "USERS-ANON-02")
def test_a_form_gives_a_token_and_nothing_else(cloud: Cloud) -> None:
    """A form with a display name is answered by one member, the token."""
    with claim("USERS-ANON-01", "a form with a name and more is accepted"):
        answer = cloud.call("POST", "/anonymous/auth", data={"displayname": "Gil", "room": "ignored"})
        expect(answer.status_code, 200)
    with claim("USERS-ANON-02", "the answer is a token and nothing else"):
        expect(answer.json(), {"token": JWT})


@behaviour("ACC-ANON-01")
def test_the_token_has_the_documented_header_and_claims(cloud: Cloud) -> None:
    """Header and claims come in the documented order, the issuer as an array of labels."""
    token = cloud.guest().token
    with claim("ACC-ANON-01", "the header is typ JWT and alg HS256, in this order"):
        expect(list(jwt.get_unverified_header(token).items()), [("typ", "JWT"), ("alg", "HS256")])
    claims = jwt.decode(token, options={"verify_signature": False})
    with claim("ACC-ANON-01", "the claims come in their order"):
        expect(list(claims), ["anonymous_id", "product_type", "iss", "iat", "exp"])
    with claim("ACC-ANON-01", "anonymous_id has 24 hex digits"):
        expect(claims["anonymous_id"], OBJECT_ID)
    with claim("ACC-ANON-01", "exp is a day after iat"):
        expect(claims["exp"] - claims["iat"], 86_400)
    with claim("ACC-ANON-01", "iss is an array of labels"):
        observe(claims["iss"], ["avayacloud", "com"])
