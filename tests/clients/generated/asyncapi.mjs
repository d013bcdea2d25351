// Parses an AsyncAPI document as its own project does, and says what is wrong with it.
import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";

const HINTS = 2; // how severe a remark is from which on nothing is wrong, as that there is a newer version

const { document, diagnostics } = await new Parser().parse(readFileSync(process.argv[2], "utf8"));
const wrong = diagnostics.filter((one) => one.severity < HINTS).map((one) => `${one.path.join(".")}: ${one.message}`);
if (document === undefined || wrong.length > 0) {
  throw new Error(wrong.join("\n"));
}
console.log(document.allMessages().all().map((one) => one.name()).join(" "));
