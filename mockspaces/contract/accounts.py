"""What the identity server says: texts of its pages, words of OAuth, claims of tokens and headers of answers."""

from typing import Annotated, Literal

import msgspec

from mockspaces.contract.rows import source

# The calls that set cookies (ACC-LOGIN-02, ACC-SIGNIN-02, ACC-LOGOUT-02, ACC-CONSENT-01).
COOKIES = frozenset({"ACC-LOGIN", "ACC-SIGNIN", "ACC-LOGOUT", "ACC-CONSENT"})


class Accounts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The words of the identity server of one deployment."""

    # Pages
    product: Annotated[str, source("ACC-AUTHZ-09", "D")] = "zangspaces"
    # What every OIDC library asks for, and the vendor does not know.
    oidc_scope: Annotated[str, source("ACC-SCOPE-06")] = "openid"
    login_prompts: Annotated[tuple[str, ...], source("ACC-AUTHZ-08")] = ("select_account", "login")
    inert_methods: Annotated[tuple[str, ...], source("ACC-LOGIN-03", "D")] = (
        "Google",
        "Office365",
        "Salesforce",
        "Avaya",
    )
    wrong_password: Annotated[str, source("ACC-SIGNIN-03", "C")] = "Invalid Username or Password!"
    malformed_name: Annotated[str, source("ACC-SIGNIN-03", "C")] = "Invalid Email or Phone Format"
    # Requests and answers
    as_sent: Annotated[tuple[str, ...], source("ACC-GEN-04")] = ("state", "nonce", "password")  # not trimmed
    response_types: Annotated[dict[str, Literal["authorization_code", "implicit"]], source("ACC-AUTHZ-03", "D")] = (
        msgspec.field(
            default_factory=lambda: {
                "code": "authorization_code",
                "esjwtcode": "authorization_code",
                "token": "implicit",
            }
        )
    )
    no_store: Annotated[dict[str, str], source("ACC-GEN-07")] = msgspec.field(
        default_factory=lambda: {"Cache-Control": "no-store", "Pragma": "no-cache"}
    )
    service_domain: Annotated[str, source("DM-COMP-02")] = "servicesapps.spaces.avayacloud.com"
    # Claims
    user_jwt_product: Annotated[str, source("ACC-UJWT-02", "D")] = "accounts"
    user_jwt_version: Annotated[str, source("ACC-UJWT-02", "D")] = "2.0"
    anonymous_jwt_product: Annotated[str, source("ACC-ANON-01", "D")] = "onesna"
    id_token_version: Annotated[str, source("ACC-IDT-01", "D")] = "1.0"
