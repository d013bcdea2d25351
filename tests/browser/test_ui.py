"""The live page as somebody sees it who debugs a client."""

import json
import time
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import Chrome
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from contract_tests.sockets import Chat, address
from mockspaces.client import Mockspaces
from mockspaces.cloud.kernel import jws
from mockspaces.cloud.kernel.journal import Entry
from mockspaces.config import Config
from mockspaces.server import Server

pytestmark = [pytest.mark.needs("chromium", "chromedriver"), pytest.mark.slow]

HOSTILE = '<img src=x onerror="document.title=1"><script>document.title=2</script>&quot;\'"'
PATIENCE_S = 5
MOST_BYTES = 60_000_000  # of memory that a tab takes with a full journal


@pytest.fixture
def page(browser: Chrome, mock: Mockspaces) -> Chrome:
    """The page of a world, just opened."""
    browser.get(f"{mock.url}/_mock/ui")
    return browser


def text(page: Chrome, section: str) -> str:
    """Return what a part of the page shows now, nothing if it is not there."""
    found: str = page.execute_script("return document.getElementById(arguments[0])?.innerText ?? ''", section)
    return found


def see(page: Chrome, section: str, wanted: str) -> None:
    """Wait until a section shows a text."""
    WebDriverWait(page, PATIENCE_S, poll_frequency=0.05).until(
        lambda _page: wanted in text(page, section), f"{wanted!r} is not in {text(page, section)!r}"
    )


def press(page: Chrome, name: str) -> None:
    """Click a button, which the page may exchange for a fresh one at any moment."""

    def clicked(page: Chrome) -> bool:
        page.find_element(By.XPATH, f"//button[text()='{name}']").click()
        return True

    WebDriverWait(page, PATIENCE_S, ignored_exceptions=[StaleElementReferenceException]).until(clicked)


def markup(page: Chrome) -> int:
    """Return how many elements there are that nobody but a hostile text would make."""
    found: int = page.execute_script("return document.querySelectorAll('main img, main script').length")
    return found


def errors(page: Chrome) -> list[str]:
    """Return what the browser complained about, but for the icon that it asks for by itself."""
    log: list[dict[str, str]] = page.get_log("browser")  # type: ignore[no-untyped-call]
    return [entry["message"] for entry in log if "favicon" not in entry["message"]]


def bearer(mock: Mockspaces, username: str = "ann@example.com") -> dict[str, str]:
    return {"Authorization": f"Bearer {mock.token(username)}"}


def call(mock: Mockspaces, path: str, username: str = "ann@example.com", **body: object) -> httpx.Response:
    return httpx.post(f"{mock.api_url}{path}", headers=bearer(mock, username), json=body, trust_env=False)


def test_refusal_appears_with_its_reason_as_it_happens(page: Chrome, mock: Mockspaces) -> None:
    """A call that is refused while the page is open shows up by itself, marked, with the reason in plain words."""
    assert "Nothing was asked yet" in text(page, "journal")
    httpx.get(f"{mock.api_url}/users/me", headers={"Authorization": "Bearer nonsense"}, trust_env=False)
    see(page, "journal", "no such access token was issued in this world")
    refused = page.find_element(By.CSS_SELECTOR, "#journal .refused")
    assert "401" in refused.text
    assert "auth.credential_invalid" in refused.text
    assert errors(page) == []


def test_clock_buttons_move_the_clock(page: Chrome, mock: Mockspaces) -> None:
    """A click moves, freezes and resumes the clock of the world, and the page shows it."""
    before = mock.clock.now
    page.get(f"{mock.url}/_mock/ui/hands")
    press(page, "Advance")
    see(page, "clock", "+3600 s")
    assert mock.clock.now - before >= 3600
    press(page, "Freeze")
    see(page, "clock", "frozen")
    press(page, "Resume")
    WebDriverWait(page, PATIENCE_S).until(lambda _page: "frozen" not in text(page, "clock"))
    assert abs(mock.clock.now - before) < 60
    assert errors(page) == []


def test_fields_stay_while_time_goes_by(page: Chrome, mock: Mockspaces) -> None:
    """The page exchanges what has changed and nothing else: a field keeps what somebody types into it."""
    page.get(f"{mock.url}/_mock/ui/hands")
    field = page.find_element(By.CSS_SELECTOR, "#hand-tokens [name=username]")
    field.send_keys("ann@")
    mock.fail(status=503, endpoint="USERS-ME")
    see(page, "planned", "status 503")
    field.send_keys("example.com", Keys.ENTER)
    see(page, "hand-tokens", "Done.")
    assert '"scheme": "bearer"' in text(page, "hand-tokens")


def test_hostile_words_stay_words(page: Chrome, mock: Mockspaces) -> None:
    """Markup in titles, names and messages is shown as it was written and never runs."""
    mock.user("zoe@example.com", displayname=HOSTILE)
    space = mock.space(HOSTILE, owner="zoe@example.com")
    call(mock, f"/spaces/{space.id}/chats", "zoe@example.com", content={"bodyText": HOSTILE})
    mock.oauth_client(name=HOSTILE, redirect_uris=["http://localhost/x"])
    mock.fail(status=500, body=HOSTILE, surface="accounts")
    beginning = HOSTILE.partition("&")[0]
    for path in ("state", "state/people", "state/spaces", f"state/spaces/{space.id}", "state/messages", "hands"):
        page.get(f"{mock.url}/_mock/ui/{path}")
        see(page, "view", beginning)
        assert page.title.startswith("mockspaces")
        assert markup(page) == 0
    page.get(f"{mock.url}/_mock/ui/state/messages?q={quote(HOSTILE)}")
    assert page.find_element(By.NAME, "q").get_attribute("value") == HOSTILE
    see(page, "found", beginning)
    assert errors(page) == []


def test_messages_people_and_credentials_are_shown(page: Chrome, mock: Mockspaces) -> None:
    """What is in the world is on the page: messages in their space, passwords, keys and secrets, but no private key."""
    space = mock.space("Launch", owner="ann@example.com")
    call(mock, f"/spaces/{space.id}/chats", content={"bodyText": "it's here"})
    app = mock.service_app(scopes=["spaces.create"])
    page.find_element(By.LINK_TEXT, "State").click()
    see(page, "messages", "it's here")
    assert "Launch" in text(page, "spaces")
    assert app.key["kid"] in text(page, "apps")
    assert "spaces.create" in text(page, "apps")
    page.find_element(By.LINK_TEXT, "People").click()
    see(page, "things", "ann-secret")
    assert "PRIVATE" not in page.page_source
    page.find_element(By.NAME, "q").send_keys("bob@", Keys.ENTER)
    see(page, "found", "bob@example.com")
    assert "ann-secret" not in text(page, "found")
    assert page.current_url.endswith("/ui/state/people?q=bob%40")
    page.back()
    see(page, "found", "ann-secret")
    assert errors(page) == []


def test_a_list_waits_for_its_reader(page: Chrome, mock: Mockspaces) -> None:
    """Whoever has scrolled down in a list is told that there is something new, and sees it when they want to."""
    for number in range(30):
        mock.space(f"Space {number}", owner="ann@example.com")
    page.get(f"{mock.url}/_mock/ui/state/spaces")
    mock.space("Live", owner="ann@example.com")
    see(page, "found", "Live")
    page.execute_script("scrollTo(0, 500)")
    mock.space("Later", owner="ann@example.com")
    see(page, "fresh", "The world has changed")
    assert "Later" not in text(page, "found")
    page.find_element(By.ID, "fresh").click()
    see(page, "found", "Later")
    assert not page.find_element(By.ID, "fresh").is_displayed()


def test_a_thing_leads_to_what_made_it(page: Chrome, mock: Mockspaces) -> None:
    """A space shows its people and messages, and the calls that made it, changed it, or only asked for it."""
    made = call(mock, "/spaces/invite", topic={"title": "Launch"}).json()
    space_id = made["data"][0]["topicId"] if "data" in made else made["topicId"]
    call(mock, f"/spaces/{space_id}/chats", content={"bodyText": "hello"})
    httpx.get(f"{mock.api_url}/spaces/{space_id}", headers=bearer(mock), trust_env=False)
    page.get(f"{mock.url}/_mock/ui/state/spaces/{space_id}")
    see(page, "thing", "Newest messages 1")
    shown = text(page, "thing")
    changed, named = shown.split("What made or changed it")[1].split("What else names it")
    assert "POST /api/spaces/invite" in changed
    assert "/chats" in changed
    assert f"GET /api/spaces/{space_id}" in named
    page.find_element(By.PARTIAL_LINK_TEXT, "POST /api/spaces/invite").click()
    see(page, "detail", "Answered with 200")
    page.back()
    see(page, "thing", "hello")


def test_a_socket_has_a_timeline(page: Chrome, mock: Mockspaces) -> None:
    """A client that connects and subscribes is shown frame by frame, with its heartbeats and why it ended."""
    space = mock.space("Launch", owner="ann@example.com")
    urls = mock.call("GET", "")["urls"]
    query = {"EIO": "3", "transport": "websocket", "token": mock.token("ann@example.com"), "tokenType": "oauth"}
    page.find_element(By.LINK_TEXT, "Sockets").click()
    see(page, "sockets", "Nobody is connected")
    with Chat(address(urls, query)) as socket:
        socket.join()
        socket.subscribe(space.id)
        see(page, "sockets", "Ann Example")
        see(page, "sockets", "Launch")
        page.find_element(By.PARTIAL_LINK_TEXT, "Ann Example").click()
        see(page, "frames", "CHANNEL_SUBSCRIBED")
        socket.send("2")
        assert socket.receive() == "3"
        socket.message(space.id, HOSTILE)
        see(page, "socket-facts", "1, the last at")
        see(page, "frames", "MESSAGE_SENT")
        page.find_element(By.XPATH, "//li[.//code[text()='MESSAGE_SENT']]//summary").click()
        see(page, "frames", HOSTILE[:15])
        press(page, "Close it")
        see(page, "socket-facts", "Ended: closed by a test: transport")
    assert [one.text for one in page.find_elements(By.CSS_SELECTOR, "#frames code")][:2] == [
        "connect",
        "SUBSCRIBE_CHANNEL",
    ]
    assert markup(page) == 0
    page.find_element(By.LINK_TEXT, "SUBSCRIBE_CHANNEL").click()
    see(page, "detail", "IN SUBSCRIBE_CHANNEL")
    page.find_element(By.CSS_SELECTOR, "#detail a[href*='/sockets/']").click()
    see(page, "socket-facts", "Ended: closed by a test: transport")
    assert errors(page) == []


def test_nothing_moves_under_a_reader(page: Chrome, mock: Mockspaces) -> None:
    """What happens while somebody points at the list waits behind a button and is counted there."""
    call(mock, "/spaces/invite", topic={"title": "First"})
    see(page, "journal", "/api/spaces/invite")
    ActionChains(page).move_to_element(page.find_element(By.CSS_SELECTOR, "#rows li")).perform()
    before = page.find_element(By.ID, "rows").text
    call(mock, "/spaces/invite", topic={"title": "Second"})
    see(page, "news", "1 new entry")
    assert page.find_element(By.ID, "rows").text == before
    page.find_element(By.ID, "news").click()
    assert len(page.find_elements(By.CSS_SELECTOR, "#rows li")) == 2
    press(page, "Pause")
    call(mock, "/spaces/invite", topic={"title": "Third"})
    see(page, "news", "1 new entry")
    press(page, "Go on")
    assert len(page.find_elements(By.CSS_SELECTOR, "#rows li")) == 3


def test_filters_find_and_live_in_the_address(page: Chrome, mock: Mockspaces) -> None:
    """Search and filters leave what fits, stand in the address, and are there again when it is opened."""
    call(mock, "/spaces/invite", topic={"title": "First"})
    httpx.get(f"{mock.api_url}/users/me", headers={"Authorization": "Bearer nonsense"}, trust_env=False)
    see(page, "kept", "2")
    page.find_element(By.NAME, "q").send_keys("issued token")
    see(page, "kept", "1 of 2")
    page.find_element(By.NAME, "refused").click()
    assert "q=issued+token" in page.current_url
    assert "refused=1" in page.current_url
    page.refresh()
    see(page, "kept", "1 of 2")
    assert "/api/users/me" in text(page, "rows")
    page.find_element(By.NAME, "q").send_keys("xyzzy")
    see(page, "journal", "Nothing fits the filters")
    assert errors(page) == []


def test_a_refusal_is_explained_rule_by_rule(page: Chrome, mock: Mockspaces) -> None:
    """A JWT that lives too long: one rule is red with its reason, the others are green, and its claims are there."""
    app = mock.service_app(scopes=["spaces.create"])
    jwt = mock.call("POST", f"/service-apps/{app.key['iss']}/jwt", {"expires_in": 3700})["token"]
    headers = {"Authorization": f"service_app {jwt}"}
    httpx.post(f"{mock.api_url}/spaces/invite", headers=headers, json={"topic": {"title": "X"}}, trust_env=False)
    see(page, "journal", "the limit is 3600")
    page.find_element(By.CSS_SELECTOR, "#rows a").click()
    see(page, "detail", "Refused with 401: exp is")
    assert page.current_url.endswith("/_mock/ui/journal/1")
    [broken] = page.find_elements(By.CSS_SELECTOR, ".rules .false")
    assert "exp is no further ahead than the limit" in broken.text
    assert len(page.find_elements(By.CSS_SELECTOR, ".rules .true")) == 10
    assert f'iss: "{app.key["iss"]}"' in text(page, "detail")
    assert "AUTH-SVC-09" in text(page, "detail")
    assert jwt not in page.page_source
    page.back()
    see(page, "journal", "the limit is 3600")
    page.get(f"{mock.url}/_mock/ui/journal/1")
    see(page, "detail", "Refused with 401: exp is")
    assert errors(page) == []


def test_an_entry_becomes_a_fault(page: Chrome, mock: Mockspaces) -> None:
    """What was refused once can be planned to be refused again, and a fault that just missed says why."""
    call(mock, "/spaces/invite", "bob@example.com", topic={"title": "X"})
    mock.fail(endpoint="SPACES-CREATE", caller="zoe@example.com")
    page.get(f"{mock.url}/_mock/ui/journal/1")
    see(page, "detail", "it wants caller zoe@example.com, this was oauth bob@example.com")
    page.find_element(By.XPATH, "//summary[text()='Make this a fault']").click()
    press(page, "Plan it")
    see(page, "detail", "Done.")
    assert call(mock, "/spaces/invite", "bob@example.com", topic={"title": "X"}).status_code == 503
    assert call(mock, "/spaces/invite", "bob@example.com", topic={"title": "X"}).status_code == 200


def test_a_request_is_sent_again(page: Chrome, mock: Mockspaces) -> None:
    """A request of the journal is made once more with a click, and its new entry is one click away."""
    call(mock, "/spaces/invite", topic={"title": "Again"})
    page.get(f"{mock.url}/_mock/ui/journal/1")
    page.find_element(By.XPATH, "//summary[text()='Send again']").click()
    press(page, "Send it")
    see(page, "detail", "Done.")
    page.find_element(By.LINK_TEXT, "Its entry").click()
    see(page, "detail", "oauth ann@example.com")
    assert page.current_url.endswith("/ui/journal/2")
    assert [space["title"] for space in mock.call("GET", "/spaces")["data"]] == ["Again", "Again"]


def test_bodies_are_searched_too(page: Chrome, mock: Mockspaces) -> None:
    """What stands in a body alone is found when bodies are meant too, also in what comes later."""
    call(mock, "/spaces/invite", topic={"title": "Bananas"})
    call(mock, "/spaces/invite", topic={"title": "Cherries"})
    see(page, "kept", "2")
    page.find_element(By.NAME, "q").send_keys("bananas")
    see(page, "kept", "0 of 2")
    page.find_element(By.NAME, "bodies").click()
    see(page, "kept", "1 of 2")
    assert page.current_url.endswith("#q=bananas&bodies=1")
    call(mock, "/spaces/invite", topic={"title": "More bananas"})
    see(page, "kept", "2 of 3")
    assert errors(page) == []


def test_hands_show_the_call_that_they_make(page: Chrome, mock: Mockspaces) -> None:
    """A fault is planned, watched and ended by forms, each of which shows its call as it is filled in."""
    page.get(f"{mock.url}/_mock/ui/hands")
    form = page.find_element(By.CSS_SELECTOR, "#hand-fault form")
    form.find_element(By.NAME, "match.endpoint").send_keys("USERS-ME")
    form.find_element(By.NAME, "action.reject").send_keys("auth.credential_expired")
    shown = form.find_element(By.CSS_SELECTOR, ".shown").text
    body = '{"match":{"endpoint":"USERS-ME"},"action":{"reject":"auth.credential_expired"},"times":1}'
    assert shown.startswith(f"curl -sS -X POST '{mock.url}/_mock/faults'")
    assert shown.endswith(f"-d '{body}'")
    press(page, "Plan it")
    see(page, "planned", "happened 0 times of 1")
    assert httpx.get(f"{mock.api_url}/users/me", headers=bearer(mock), trust_env=False).status_code == 401
    see(page, "planned", "happened 1 times of 1")
    press(page, "End it")
    see(page, "planned", "Nothing is planned")
    assert mock.call("GET", "/faults")["data"] == []
    form.find_element(By.NAME, "match.endpoint").send_keys("X")
    press(page, "Plan it")
    see(page, "hand-fault", 'no endpoint "USERS-MEX"; did you mean "USERS-ME"?')
    assert [one for one in errors(page) if "400" not in one] == []


def test_tokens_settings_and_worlds_are_at_hand(page: Chrome, mock: Mockspaces) -> None:
    """A JWT is signed, a setting changed, the world reset, and another one opened and dropped."""
    app = mock.service_app(scopes=["spaces.create"])
    mock.space("Launch", owner="ann@example.com")
    page.get(f"{mock.url}/_mock/ui/hands")
    jwt = page.find_element(By.ID, "hand-jwt")
    jwt.find_element(By.NAME, "iss").send_keys(app.key["iss"])
    jwt.find_element(By.NAME, "claims").send_keys('{"exp": null}')
    press(page, "Sign it")
    see(page, "hand-jwt", '"scheme": "service_app"')
    assert '"exp"' not in jwt.find_element(By.TAG_NAME, "pre").text
    page.execute_script("arguments[0].value = 'socket.spelling'", page.find_element(By.NAME, "setting"))
    page.find_element(By.NAME, "value").send_keys('"2x"')
    press(page, "Change it")
    see(page, "hand-settings", "Done.")
    assert mock.call("GET", "/settings")["socket.spelling"] == "2x"
    press(page, "Reset the world")
    page.switch_to.alert.accept()
    see(page, "hand-world", "Done.")
    assert mock.call("GET", "/spaces")["data"] == []
    page.find_element(By.CSS_SELECTOR, "#hand-worlds [name=name]").send_keys("by-hand")
    press(page, "Open a world")
    see(page, "hand-worlds", "Its page")
    page.get(page.current_url)
    page.execute_script(
        "arguments[0].value = 'by-hand'", page.find_element(By.CSS_SELECTOR, "select[name=name][data-in]")
    )
    press(page, "Drop a world")
    page.switch_to.alert.accept()
    see(page, "hand-worlds", "Done.")
    assert "by-hand" not in [one["name"] for one in mock.call("GET", "/worlds")["data"]]
    assert errors(page) == []


def test_calls_are_searched_and_tried(page: Chrome, mock: Mockspaces) -> None:
    """Who looks for a call finds it with its statements, and makes it as somebody of the world."""
    space = mock.space("Launch", owner="ann@example.com")
    page.get(f"{mock.url}/_mock/docs")
    page.find_element(By.ID, "docs-q").send_keys("msg-chat-03 java")
    shown = [one.get_attribute("id") for one in page.find_elements(By.CSS_SELECTOR, "details") if one.is_displayed()]
    assert shown == ["MSG-CHAT"]
    assert "#q=msg-chat-03" in page.current_url
    page.find_element(By.NAME, "username").send_keys("ann@example.com")
    press(page, "Get a token")
    see(page, "docs-signed-in", "have a token of theirs")
    page.find_element(By.CSS_SELECTOR, "#MSG-CHAT summary").click()
    see(page, "MSG-CHAT", "MSG-CHAT-01")
    page.find_element(By.CSS_SELECTOR, "#MSG-CHAT [name=spaceId]").send_keys(space.id)
    body = page.find_element(By.CSS_SELECTOR, "#MSG-CHAT textarea")
    page.execute_script("arguments[0].value = arguments[1]", body, json.dumps({"content": {"bodyText": HOSTILE}}))
    press(page, "Try it")
    see(page, "MSG-CHAT", "onerror")
    assert [one.text[:30] for one in mock.chats()] == [HOSTILE[:30]]
    assert markup(page) == 0
    for section in ("codes", "scopes", "events", "settings"):
        assert page.find_elements(By.CSS_SELECTOR, f"section.doc > #{section} ~ details")
    assert errors(page) == []


def test_a_page_with_nothing_new_is_quiet(page: Chrome, mock: Mockspaces) -> None:
    """While nothing happens a page fetches nothing; what the stream of events costs is tested beside it."""
    for path in ("ui", "ui/state"):
        page.get(f"{mock.url}/_mock/{path}")
        time.sleep(1.2)
        page.execute_script("performance.clearResourceTimings()")
        time.sleep(1.5)
        fetched = page.execute_script("return performance.getEntriesByType('resource').map(one => one.name)")
        assert fetched == [], path
    assert errors(page) == []


def test_a_control_token_is_asked_for_and_opens_the_page(browser: Chrome) -> None:
    """Without the token the page is empty and tells nothing; a wrong one is refused, the right one shows the world."""
    with Server(Config(port=0, control_token="sésame")) as running:
        browser.get(f"{running.url}/_mock/ui")
        assert "ann@example.com" not in browser.page_source
        field = browser.find_element(By.NAME, "token")
        field.send_keys("nonsense", Keys.ENTER)
        see(browser, "said", "That is not the token")
        field.clear()
        field.send_keys("sésame", Keys.ENTER)
        see(browser, "journal", "Nothing was asked yet")
        httpx.get(f"{running.url}/api/users/me", trust_env=False)
        see(browser, "journal", "the request has no Authorization header")
        browser.find_element(By.CSS_SELECTOR, "#rows a").click()
        see(browser, "detail", "Refused with 401")
        browser.refresh()
        see(browser, "detail", "Refused with 401")
        for path, wanted in (("ui/state/people", "ann@example.com"), ("docs", "identity server")):
            browser.get(f"{running.url}/_mock/{path}")
            see(browser, "view", wanted)
        browser.get(f"{running.url}/_mock/ui/hands")
        press(browser, "Advance")
        see(browser, "clock", "+3600 s")
        assert "X-Mock-Token: $MOCK_TOKEN" in text(browser, "hand-clock")
        browser.get("about:blank")


def test_the_root_leads_to_the_page(browser: Chrome, mock: Mockspaces) -> None:
    """Whoever opens the address of a world learns what it is, and its link leads to the page of this world."""
    browser.get(f"{mock.url}/")
    assert "test double" in browser.find_element(By.TAG_NAME, "main").text
    browser.find_element(By.PARTIAL_LINK_TEXT, "why it refused").click()
    see(browser, "journal", "GET /")
    assert browser.current_url == f"{mock.url}/_mock/ui"


@pytest.mark.parametrize("media_type", ["application/json", "text/html", "multipart/form-data; boundary=b", "text/x"])
def test_hostile_exchanges_run_nothing(page: Chrome, mock: Mockspaces, media_type: str) -> None:
    """Markup in path, header, body and claims of a JWT is shown as it was sent, in the list and in the detail."""
    body = f'--b\r\nContent-Disposition: form-data; name="{HOSTILE}"\r\n\r\n{HOSTILE}\r\n--b--'
    token = jws.sign_hs256({"alg": "HS256", "kid": HOSTILE}, {"iss": HOSTILE, HOSTILE: HOSTILE}, b"x")
    headers = {"Content-Type": media_type, "X-Odd": HOSTILE, "Authorization": f"jwt {token}"}
    url = f"{mock.api_url}/spaces/{quote(HOSTILE, safe='')}"
    httpx.post(url, headers=headers, content=json.dumps({HOSTILE: body}) if "json" in media_type else body)
    httpx.get(f"{mock.api_url}/users/me", headers=headers, trust_env=False)
    see(page, "kept", "2")
    assert HOSTILE[:30] in text(page, "rows")
    for number in (1, 2):
        page.get(f"{mock.url}/_mock/ui/journal/{number}")
        see(page, "detail", HOSTILE[:30])
        assert page.title.startswith("mockspaces")
        assert markup(page) == 0
    assert errors(page) == []


def test_ten_thousand_entries_stay_quick(browser: Chrome) -> None:
    """A full journal is searched in a moment, few of its rows are in the page, and the memory of the tab is bounded."""
    with Server() as running:
        journal = running.app.worlds.named("default").world.journal
        for number in range(11_000):
            journal.record(Entry(surface="rest", method="GET", path=f"/api/thing/{number}", status=200))
        browser.get(f"{running.url}/_mock/ui")
        see(browser, "kept", "10000, 1000 older dropped")
        assert len(browser.find_elements(By.CSS_SELECTOR, "#rows li")) <= 200
        httpx.get(f"{running.url}/api/users/me", trust_env=False)
        see(browser, "rows", "/api/users/me")
        began = time.perf_counter()
        browser.find_element(By.NAME, "q").send_keys("thing/10999")
        see(browser, "kept", "1 of 10000")
        assert time.perf_counter() - began < PATIENCE_S
        browser.execute_cdp_cmd("HeapProfiler.collectGarbage", {})
        assert browser.execute_script("return performance.memory.usedJSHeapSize") < MOST_BYTES
        browser.get("about:blank")


@pytest.mark.parametrize("width", [360, 768, 2560])
def test_page_fits_its_window(page: Chrome, mock: Mockspaces, width: int) -> None:
    """On a phone as on a desktop nothing runs out of the window sideways, even with long words."""
    mock.space("x" * 300, owner="ann@example.com")
    page.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500},
    )
    page.get(page.current_url)
    wide = page.execute_script("return document.documentElement.scrollWidth")
    page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert wide <= width


def test_a_recording_is_checked_from_the_page(page: Chrome, mock: Mockspaces, tmp_path: Path) -> None:
    """A chosen HTTP archive is sent as it is, and what differs is shown as text; what is no archive is refused."""
    body = json.dumps({"displayname": HOSTILE, "username": 5})
    headers = [{"name": "Content-Type", "value": "application/json"}]
    answer = {"status": 200, "headers": headers, "content": {"size": len(body), "text": body}}
    call = {"request": {"method": "GET", "url": "https://api.example.com/api/users/me"}, "response": answer}
    recording = tmp_path / "it's.har"
    recording.write_text(json.dumps({"log": {"entries": [call]}}), encoding="utf-8")
    page.get(f"{mock.url}/_mock/ui/hands")
    form = page.find_element(By.CSS_SELECTOR, "#hand-check form")
    form.find_element(By.NAME, "recording").send_keys(str(recording))
    press(page, "Check it")
    see(page, "hand-check", "no entry is one of the service (1 in all)")
    form.find_element(By.NAME, "hosts").send_keys("api.example.com")
    shown = form.find_element(By.CSS_SELECTOR, ".shown").text
    assert shown.endswith(
        "/check?hosts=api.example.com' -H 'Content-Type: application/json' --data-binary '@it'\\''s.har'"
    )
    press(page, "Check it")
    see(page, "hand-check", "username is 5, not string")
    assert "judged" in text(page, "hand-check")
    assert HOSTILE not in text(page, "hand-check")
    recording.write_text("GIF89a")
    form.find_element(By.NAME, "recording").send_keys(str(recording))
    press(page, "Check it")
    see(page, "hand-check", "it does not begin with an object")
    assert markup(page) == 0
    assert [one for one in errors(page) if "400" not in one] == []
