// What Node has: `node client.mjs URL TOKEN IDLE_MS fetch|alive|closing`, one line for each case.

import http from "node:http"
import { Readable } from "node:stream"
import { setTimeout as sleep } from "node:timers/promises"

const [url, token, idle, kind] = process.argv.slice(2)
const FORM = Buffer.from("grant_type=nonsense")
const JSON_BODY = Buffer.from(JSON.stringify({ topic: { title: "Room" } }))
const form = "application/x-www-form-urlencoded"
const json = "application/json"
const MB = 1024 * 1024

async function* slowly(body) {
  yield body.subarray(0, 5)
  await sleep(300)
  yield body.subarray(5)
}

async function fetched(path, body, type, length) {
  const options = { headers: { authorization: `bearer ${token}` } }
  if (body) {
    options.method = "POST"
    options.headers["content-type"] = type
    options.body = length === "known" ? body : Readable.toWeb(Readable.from(length === "slow" ? slowly(body) : [body]))
    options.duplex = "half"
  }
  const answer = await fetch(url + path, options)
  await answer.arrayBuffer()
  return answer.status
}

const agent = new http.Agent({ keepAlive: kind === "alive" })

function requested(path, body, type, length) {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `bearer ${token}` }
    if (body) headers["content-type"] = type
    if (body && length === "known") headers["content-length"] = body.length
    const request = http.request(url + path, { agent, method: body ? "POST" : "GET", headers }, (answer) => {
      answer.resume()
      answer.on("end", () => resolve(answer.statusCode))
    })
    request.on("error", reject)
    if (!body) request.end()
    else if (length === "known") request.end(body)
    else Readable.from(length === "slow" ? slowly(body) : [body]).pipe(request)
  })
}

const send = kind === "fetch" ? fetched : requested
console.log("form", await send("/oauth2/access_token", FORM, form, "known"))
console.log("json", await send("/api/spaces/invite", JSON_BODY, json, "known"))
console.log("chunked", await send("/api/spaces/invite", JSON_BODY, json, "chunked"))
console.log("slow", await send("/api/spaces/invite", JSON_BODY, json, "slow"))
console.log("refused", await send("/oauth2/access_token", Buffer.alloc(6 * MB), form, "known"))
console.log("accepted", await send("/oauth2/access_token", Buffer.alloc(4 * MB), form, "known"))
const answers = await Promise.all(Array.from({ length: 60 }, () => send("/oauth2/access_token", FORM, form, "known")))
console.log("parallel", answers.filter((status) => status === 401).length)
await send("/health")
await sleep(Number(idle))
console.log("reuse", await send("/health"))
agent.destroy()
