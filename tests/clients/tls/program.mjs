// The same in JavaScript, with nothing but what node brings.
const ACCOUNTS = 'https://accounts.avayacloud.com';
const API = 'https://spacesapis.avayacloud.com/api';

const form = new URLSearchParams({
  grant_type: 'password',
  client_id: '00112233445566778899',
  client_secret: '0123456789abcdef0123456789abcdef01234567',
  username: 'ann@example.com',
  password: 'ann-secret',
  scope: 'email profile spaces',
});
const json = async (answer) => {
  if (!answer.ok) throw new Error(`${answer.url} ${answer.status} ${await answer.text()}`);
  return answer.json();
};

const grant = await json(await fetch(`${ACCOUNTS}/oauth2/access_token`, { method: 'POST', body: form }));
const headers = { Authorization: `Bearer ${grant.access_token}` };
const me = await json(await fetch(`${API}/users/me`, { headers }));
const picture = await fetch(me.picture_url);
console.log(JSON.stringify({ username: me.username, picture: [me.picture_url, picture.status] }));
