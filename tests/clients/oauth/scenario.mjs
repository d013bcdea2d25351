// The authorization code flow with PKCE, refresh and revocation, as oauth4webapi does it. Prints one line for each step.
import * as oauth from "oauth4webapi";

const { base, clientId, clientSecret, redirectUri } = JSON.parse(process.argv[2]);
const insecure = { [oauth.allowInsecureRequests]: true };
const server = {
  issuer: "avayacloud.com",
  authorization_endpoint: `${base}/oauth2/authorize`,
  token_endpoint: `${base}/oauth2/access_token`,
  revocation_endpoint: `${base}/oauth2/revoke_token`,
};
const client = { client_id: clientId, id_token_signed_response_alg: "HS256" };
const secret = oauth.ClientSecretPost(clientSecret);
const say = (step, value) => console.log(JSON.stringify([step, value]));

const verifier = oauth.generateRandomCodeVerifier();
const state = oauth.generateRandomState();
const url = new URL(server.authorization_endpoint);
url.search = new URLSearchParams({
  client_id: clientId,
  redirect_uri: redirectUri,
  response_type: "code",
  scope: "email profile spaces",
  state,
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
  code_challenge_method: "S256",
});
const sent = await fetch(url, { redirect: "manual" }); // the mock signs in and consents by itself
const answer = oauth.validateAuthResponse(server, client, new URL(sent.headers.get("location")), state);
say("authorized", [...answer.keys()]);

const exchange = (code) =>
  oauth.authorizationCodeGrantRequest(server, client, secret, code, redirectUri, verifier, insecure);
const tokens = await oauth.processAuthorizationCodeResponse(server, client, await exchange(answer));
say("exchanged", Object.keys(tokens));
say("claims", oauth.getValidatedIdTokenClaims(tokens).email);

const me = (token) => oauth.protectedResourceRequest(token, "GET", new URL(`${base}/api/users/me`), undefined, undefined, insecure);
say("called", (await (await me(tokens.access_token)).json()).username);

const refreshed = await oauth.processRefreshTokenResponse(
  server,
  client,
  await oauth.refreshTokenGrantRequest(server, client, secret, tokens.refresh_token, insecure),
);
say("refreshed", refreshed.access_token !== tokens.access_token);

await oauth.processRevocationResponse(
  await oauth.revocationRequest(server, client, secret, refreshed.refresh_token, insecure),
);
say("revoked", (await fetch(`${base}/api/users/me`, { headers: { Authorization: `Bearer ${tokens.access_token}` } })).status);

try {
  await oauth.processAuthorizationCodeResponse(server, client, await exchange(answer));
} catch (error) {
  say("refused", [error.name, error.error ?? null]);
}
