// A program over the types that openapi-typescript makes from the API document: no cast, no `any`.
import createClient from "openapi-fetch";
import type { paths } from "./schema.js";

const [origin] = process.argv.slice(2);
if (origin === undefined) {
  throw new Error("which mock?");
}

function got<Value>(answer: { data?: Value; error?: { code: string; message: string } }): Value {
  if (answer.data === undefined) {
    throw new Error(answer.error === undefined ? "no answer" : `${answer.error.code}: ${answer.error.message}`);
  }
  return answer.data;
}

function expect(holds: boolean, what: string): void {
  if (!holds) {
    throw new Error(what);
  }
}

// The control API: a world of its own, somebody in it, and a token.
const control = createClient<paths>({ baseUrl: origin });
const world = got(await control.POST("/_mock/worlds", { body: { name: "generated", seed: "demo", ttl: 60 } }));
const mock = createClient<paths>({ baseUrl: world.urls.prefix.control.replace("/_mock", "") });
const user = got(await mock.POST("/_mock/users", { body: { username: "tess@example.com", displayname: "Tess" } }));
const issued = got(await mock.POST("/_mock/tokens", { body: { username: user.username, kind: "oauth" } }));
expect(issued.scheme === "bearer" && issued.scopes.includes("spaces"), "an OAuth token has its scopes");

// People
const api = createClient<paths>({
  baseUrl: world.urls.prefix.control.replace("/_mock", ""),
  headers: { authorization: `${issued.scheme} ${issued.token}` },
});
const me = got(await api.GET("/api/users/me"));
expect(me.aType === "user" && me.emails[0]?.value === "tess@example.com", "a user has addresses");

// Spaces
const invited = got(await api.POST("/api/spaces/invite", { body: { topic: { type: "group", title: "Plans" }, invitees: [] } }));
const spaceId = invited.data[0]?.topicId ?? "";
const mine = got(await api.GET("/api/users/me/spaces"));
expect(mine.data.some((one) => one._id === spaceId && one.unreadMessagesCount === 0), "the space is listed");

// Messages and tasks
const path = { spaceId };
const chats = got(await api.POST("/api/spaces/{spaceId}/chats", { params: { path }, body: { content: { bodyText: "hello" } } }));
expect(chats.data[0]?.sender.username === user.username, "a chat has its sender");
const content = { bodyText: "Write it", status: "pending", dueDate: "2031-02-03T04:05:06.789Z" };
const tasks = got(await api.POST("/api/spaces/{spaceId}/tasks", { params: { path }, body: { content } }));
expect(tasks.data[0]?.content.dueDate === content.dueDate, "a task has its due date");
const listed = got(await api.GET("/api/spaces/{spaceId}/messages/query", { params: { path } }));
expect(listed.total === 2, `two messages, not ${listed.total}`);

// A refusal, and what the mock saw of it
const refused = await api.GET("/api/spaces/{spaceId}", { params: { path: { spaceId: "0".repeat(24) } } });
expect(refused.error?.code === "space.not_found", "an unknown space is refused");
const journal = got(await mock.GET("/_mock/journal", { params: { query: { code: "space.not_found" } } }));
expect("entries" in journal && journal.entries[0]?.credential?.kind === "oauth", "the journal knows the credential");
got(await control.DELETE("/_mock/worlds/{name}", { params: { path: { name: world.name } } }));
console.log("done");
