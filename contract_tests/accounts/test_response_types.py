"""What each response_type is answered with."""

from urllib.parse import urlsplit

from contract_tests.claims import claim, expect
from contract_tests.kit import Cloud, behaviour
from contract_tests.oauth import authorize, query_of, register


@behaviour("ACC-AUTHZ-03")
def test_code_is_answered_in_the_query(cloud: Cloud) -> None:
    """The response_type of most clients leads back with a code in the query, and with nothing in the fragment."""
    where = authorize(cloud, register(cloud), response_type="code")
    with claim("ACC-AUTHZ-03", "a code comes in the query, and nothing in the fragment"):
        expect(("code" in query_of(where), urlsplit(where).fragment), (True, ""))
