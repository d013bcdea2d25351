// People ask in sentences. Words that every page has would find every page, since the search takes each for the beginning
// of a word; they are left out where something else remains.
const SMALL = new Set(
  ("a about an and are at be by can could do does for from get have how i if in is it my of on or our should so that the " +
    "their then there this to use using was we what when where which who why will with you your").split(" "),
);
const QUERY = 2; // the type of message by which the search is asked

function essence(text) {
  const words = text.split(/\s+/);
  const left = words.filter((word) => !SMALL.has(word.toLowerCase().replace(/[?!.,]+$/, "")));
  return left.some(Boolean) ? left.join(" ") : text;
}

const said = Worker.prototype.postMessage;
Worker.prototype.postMessage = function postMessage(message, ...more) {
  const asked = message && message.type === QUERY && typeof message.data === "string";
  return said.call(this, asked ? { ...message, data: essence(message.data) } : message, ...more);
};
