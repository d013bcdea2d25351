// With socket.io-client 2 and 4: what somebody says reaches a socket, and the mock knows who is connected.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { worldFor } from 'mockspaces/node-test';
import old from 'socket.io-client-2';
import { io } from 'socket.io-client-4';

const CLIENTS = { 2: old, 4: io };

// The real service serves no polling.
const OPTIONS = { transports: ['websocket'], forceNew: true };

for (const [version, connect] of Object.entries(CLIENTS)) {
  test(`socket.io-client ${version}`, async (t) => {
    const world = await worldFor(t);
    const space = await world.space('Room', { owner: 'ann@example.com', members: ['bob@example.com'] });
    const token = await world.token('ann@example.com');
    const query = { token, tokenType: 'oauth' };
    const socket = connect(`${world.socketUrl}/chat`, { path: world.socketioPath, query, ...OPTIONS });
    t.after(() => socket.close());
    await new Promise((resolve, reject) => socket.on('connect', resolve).on('connect_error', reject));
    socket.emit('SUBSCRIBE_CHANNEL', { channel: { _id: space.id, type: 'topic' } });
    await world.eventually(async () => (await world.sockets('ann@example.com')).some(({ spaces }) => spaces.length));
    const heard = new Promise((resolve) => socket.on('MESSAGE_SENT', resolve));
    await world.message(space, 'hello', { username: 'bob@example.com' });
    assert.equal((await heard).content.bodyText, 'hello');
    const gone = new Promise((resolve) => socket.on('disconnect', resolve));
    assert.equal(await world.closeSockets('transport', { username: 'ann@example.com' }), 1);
    await gone;
    socket.close();
  });
}
