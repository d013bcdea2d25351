// Mistakes that must not compile: where one does, its directive is unused, which the compiler reports.
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

type Schemas = components["schemas"];

const api = createClient<paths>({ baseUrl: "http://mock.example" });
const path = { spaceId: "0".repeat(24) };
const chats = "/api/spaces/{spaceId}/chats";

export async function wrongNames(): Promise<unknown[]> {
  // @ts-expect-error no such path
  const one = await api.GET("/api/users/myself");
  // @ts-expect-error a path without this method
  const two = await api.DELETE("/api/users/me");
  // openapi-fetch infers what it is handed, so that only a type by name notices an optional member that is misspelt.
  // @ts-expect-error a misspelt member of a body
  const three: Schemas["UserSeed"] = { username: "tess@example.com", displayName: "Tess" };
  // @ts-expect-error a misspelt member inside a body
  const four: Schemas["MessageBody"] = { content: { bodytext: "hello" } };
  // @ts-expect-error a misspelt parameter of a path
  const five = await api.GET("/api/spaces/{spaceId}", { params: { path: { spaceID: path.spaceId } } });
  // @ts-expect-error a misspelt parameter of a query
  const six = await api.GET("/_mock/journal", { params: { query: { codes: "space.not_found" } } });
  const me = (await api.GET("/api/users/me")).data;
  // @ts-expect-error a misspelt member of an answer
  const seven = me?.userName;
  const messages = (await api.GET("/api/spaces/{spaceId}/messages/query", { params: { path } })).data;
  // @ts-expect-error a misspelt member inside an answer
  const eight = messages?.data[0]?.sender.pictureUrl;
  // @ts-expect-error a member of one kind of person, who may be of another
  const nine = me?.emails;
  return [one, two, three, four, five, six, seven, eight, nine];
}

export async function wrongLiterals(): Promise<unknown[]> {
  // @ts-expect-error a kind of token that there is not
  const one = await api.POST("/_mock/tokens", { body: { username: "tess@example.com", kind: "saml" } });
  // @ts-expect-error a kind of message that there is not
  const two = await api.POST("/_mock/spaces/{id}/messages", { params: { path: { id: "" } }, body: { content: {}, category: "post" } });
  const me = (await api.GET("/api/users/me")).data;
  // @ts-expect-error a kind of person that there is not
  const three = me?.aType === "guest";
  const spaces = (await api.GET("/api/users/me/spaces")).data;
  // @ts-expect-error a type of space that there is not
  const four = spaces?.data[0]?.type === "room";
  // @ts-expect-error a status of a task that there is not
  const five: Schemas["Content"]["status"] = "done";
  // @ts-expect-error a number in the place of a text
  const six = await api.POST(chats, { params: { path }, body: { content: { bodyText: 1 } } });
  return [one, two, three, four, five, six];
}

export async function missingMembers(): Promise<unknown[]> {
  // @ts-expect-error a body without a member that it needs
  const one = await api.POST("/_mock/users", { body: { displayname: "Tess" } });
  // @ts-expect-error a call without its body
  const two = await api.POST("/_mock/tokens");
  // @ts-expect-error a chat without its content
  const three = await api.POST(chats, { params: { path }, body: {} });
  // @ts-expect-error a path without its parameter
  const four = await api.GET("/api/spaces/{spaceId}", {});
  const settings = (await api.GET("/api/spaces/{spaceId}", { params: { path } })).data;
  // @ts-expect-error null where somebody keeps nothing about the space
  const five: string = settings?.lastAccess ?? null;
  // @ts-expect-error a comment's parent, which other messages lack
  const six = (await api.GET("/api/spaces/{spaceId}/messages/query", { params: { path } })).data?.data[0]?.parentMsg.bodyText;
  return [one, two, three, four, five, six];
}
