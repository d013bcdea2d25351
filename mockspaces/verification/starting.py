"""A profile by a few questions: `mockspaces verify --init FILE`."""

from pathlib import Path

import click

STAGING = {
    "accounts": "https://onesnastaging.esna.com",
    "api": "https://loganstagingapis.esna.com/api",
    "socket": "https://loganstagingapis-socket.esna.com",
    "web": "https://loganstaging.esna.com",
}
PARTS = {
    "ann@example.com": "company admin",
    "bob@example.com": "of the same company",
    "mia@example.com": "of the same company",
    "gus@example.com": "of the same company",
    "cleo@example.com": "of the same company, whom nobody else has met",
    "sid@elsewhere.example": "of no company",
    "rita@rival.example": "of a second company",
}
BASIC = "spaces.create, spaces.delete, spaces.settings.read, spaces.settings.write, spaces.chat.create"


def write(path: Path) -> None:
    """Ask what there is, write the profile, and say which variables it names."""
    name = click.prompt("Name of the service", default=path.stem)
    lines = [
        "# A target of `mockspaces verify`. Credentials come from the environment; this file holds only the names of",
        "# the variables. People and apps are the parts that the tests name: give each part an account of your own.",
        f"name = {quoted(name)}",
        'kind = "service"',
        f"calls_per_minute = {click.prompt('Calls a minute at most', type=click.FloatRange(min=1), default=60):g}",
    ]
    audience = click.prompt("Audience of service-app tokens (aud)", default="spaces.avayacloud.com")
    ca_file = click.prompt("File of a certificate authority of your own (none: leave empty)", default="")
    lines += [f"audience = {quoted(audience)}", *([f"ca_file = {quoted(ca_file)}"] if ca_file else [])]
    if click.confirm("Does the service lie behind the proxy that the environment names?", default=False):
        lines.append("proxies_from_environment = true")
    lines += ["", "[urls]"]
    for what, usual in STAGING.items():
        lines.append(f"{what} = {quoted(click.prompt(f'URL: {what}', default=usual).rstrip('/'))}")
    lines.append('socketio_path = "socket.io/"')
    variables: list[str] = []
    companies = {"Example": "your company", "Rival": "a second company"}
    for company, words in companies.items():
        for number in range(1, click.prompt(f"Key files of service apps of {words}", type=int, default=0) + 1):
            variables.append(f"SPACES_{company.upper()}_KEY_FILE_{number}")
            scopes = [one.strip() for one in click.prompt(f"Scopes of app {number}", default=BASIC).split(",")]
            listed = ", ".join(map(quoted, filter(None, scopes)))
            lines += ["", f"[[apps.{company}]]", f'key_file_env = "{variables[-1]}"', f"scopes = [{listed}]"]
    if click.confirm("Is there an OAuth client with the password grant?", default=False):
        variables += ["SPACES_CLIENT_ID", "SPACES_CLIENT_SECRET"]
        lines += ["", "[oauth_client]", f'client_id_env = "{variables[-2]}"', f'client_secret_env = "{variables[-1]}"']
        where = click.prompt("Its redirect URI on this machine, for --interactive (none: leave empty)", default="")
        lines += [f"redirect_uri = {quoted(where)}"] if where else []
    for part, words in PARTS.items():
        if click.confirm(f"Is there an account for the part of {part.partition('@')[0]} ({words})?", default=False):
            stem = f"SPACES_{part.partition('@')[0].upper()}"
            variables += [f"{stem}_USERNAME", f"{stem}_PASSWORD"]
            lines += ["", f'[people."{part}"]  # {words}']
            lines += [f'username_env = "{stem}_USERNAME"', f'password_env = "{stem}_PASSWORD"']
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    click.echo(f"\n{path} is written. Set these variables, a key file by its path:\n")
    for variable in variables:
        click.echo(f"    export {variable}=")
    click.echo(f"\nThen begin with: mockspaces verify --target {path} --only AUTH-SVC --report report")


def quoted(text: str) -> str:
    """Return a text as a string of TOML."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
