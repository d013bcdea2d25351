// A Socket.IO program with the vendor's URL compiled in. usage: node socket.cjs PATH-OF-THE-LIBRARY
const io = require(process.argv[2]);
const API = 'https://spacesapis.avayacloud.com/api';
const CHAT = 'https://spacesapis-socket.avayacloud.com/chat';

(async () => {
  const form = new URLSearchParams({ displayname: 'Gil' });
  const { token } = await (await fetch(`${API}/anonymous/auth`, { method: 'POST', body: form })).json();
  const socket = io(CHAT, { query: `token=${token}&tokenType=jwt`, path: '/socket.io', transports: ['websocket'] });
  const done = (word) => {
    console.log(word);
    socket.close();
  };
  socket.on('connect', () => done('connected'));
  for (const trouble of ['connect_error', 'error']) socket.on(trouble, (error) => done(`${trouble} ${error}`));
})();
