import urllib.request


def test_loopback_is_allowed(mockspaces):
    """Control calls, calls and the vendor's names need the loopback only."""
    assert mockspaces.user("zoe@example.com").username == "zoe@example.com"
    urllib.request.urlopen(f"{mockspaces.url}/health").close()
    with mockspaces.vendor_hosts():
        urllib.request.urlopen("https://spacesapis.avayacloud.com/health").close()
