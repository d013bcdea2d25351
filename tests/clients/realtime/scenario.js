// What an application does on the socket, with the library named on the command line:
//   node scenario.js <library> <options as JSON>
// Prints one JSON line per step that succeeded; exits with 1 at the first one that does not within its time.
'use strict';

const assert = require('node:assert');

const [library, text] = process.argv.slice(2);
const options = JSON.parse(text);
const io = require(library);
const old = /-[12]\./.test(library); // libraries of Socket.IO 1 and 2 refuse by "error", later ones by "connect_error"
const PATIENCE = 5000;

function done(step) {
  console.log(JSON.stringify(step));
}

function open(credential) {
  const query = old
    ? `token=${encodeURIComponent(credential.token)}&tokenType=${credential.tokenType}`
    : credential;
  return io(options.url, {
    query,
    transports: ['websocket'],
    forceNew: true,
    multiplex: false,
    reconnectionDelay: 20,
    reconnectionDelayMax: 20,
    ...(options.path ? { path: options.path } : {}),
  });
}

function next(socket, event, test = () => true) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ${event} within ${PATIENCE} ms`)), PATIENCE);
    const listener = (payload, ...rest) => {
      if (!test(payload)) return;
      clearTimeout(timer);
      socket.off ? socket.off(event, listener) : socket.removeListener(event, listener);
      resolve(payload);
    };
    socket.on(event, listener);
  });
}

async function asked(socket, event, payload, answer, test) {
  const coming = next(socket, answer, test);
  socket.emit(event, payload);
  return coming;
}

function subscribe(socket) {
  const channel = { _id: options.space, type: 'topic' };
  return asked(socket, 'SUBSCRIBE_CHANNEL', { channel, version: '1.1' }, 'CHANNEL_SUBSCRIBED');
}

function chat(socket, bodyText) {
  const payload = { category: 'chat', topicId: options.space, content: { bodyText }, chatMessages: {} };
  return asked(socket, 'SEND_MESSAGE', payload, 'MESSAGE_SENT', (told) => told.content.bodyText === bodyText);
}

async function main() {
  const refused = open({ token: 'bad', tokenType: 'jwt' });
  const refusal = await next(refused, old ? 'error' : 'connect_error');
  assert.strictEqual(old ? refusal : refusal.message, 'auth.credential_invalid');
  refused.close();
  done('refused');

  for (const credential of options.credentials) {
    const socket = open(credential);
    await next(socket, 'connect');
    socket.close();
    done(`connected with ${credential.tokenType}`);
  }

  const one = open(options.credentials[0]);
  const other = open(options.credentials[1]);
  await Promise.all([next(one, 'connect'), next(other, 'connect')]);
  await Promise.all([subscribe(one), subscribe(other)]);
  done('subscribed');

  for (const [speaker, listener, words] of [[one, other, 'hello'], [other, one, 'grüß Gott 👋']]) {
    const heard = next(listener, 'MESSAGE_SENT', (told) => told.content.bodyText === words);
    await chat(speaker, words);
    await heard;
  }
  done('chatted both ways');

  const online = { category: 'app.event.presence.party.online', topicId: options.space, content: { desktop: true } };
  const seen = next(other, 'PRESENCE_EVENT_RESPONSE');
  await asked(one, 'SEND_PRESENCE_EVENT', online, 'PRESENCE_EVENT_RESPONSE');
  assert.strictEqual((await seen).content.desktop, true);
  done('present');

  const blob = Buffer.from([0, 1, 2, 250, 255]);
  const echo = await asked(
    one,
    'SEND_PRESENCE_EVENT',
    { category: 'blob', topicId: options.space, content: { blob } },
    'PRESENCE_EVENT_RESPONSE',
    (told) => told.category === 'blob',
  );
  assert.deepStrictEqual(Buffer.from(echo.content.blob), blob);
  done('binary returned');

  const answer = await new Promise((resolve) => one.emit('NO_SUCH_EVENT', {}, (...given) => resolve(given)));
  assert.deepStrictEqual(answer, []);
  done('acknowledged');

  let lost = false;
  one.on('disconnect', () => { lost = true; });
  await new Promise((resolve) => setTimeout(resolve, options.idle));
  assert.strictEqual(lost, false, 'disconnected while idle');
  await chat(one, 'still here');
  done('survived');

  other.close();
  const back = next(one, 'connect');
  const closing = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"how":"transport"}' };
  const closed = await fetch(`${options.control}/sockets/close`, closing);
  assert.strictEqual(closed.status, 200);
  await back;
  await subscribe(one);
  await chat(one, 'back again');
  done('reconnected');

  const channel = { _id: options.space, type: 'topic' };
  await asked(one, 'UNSUBSCRIBE_CHANNEL', { channel }, 'CHANNEL_UNSUBSCRIBED');
  done('unsubscribed');

  const gone = next(one, 'disconnect');
  one.disconnect();
  await gone;
  done('disconnected');
}

main().then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
