// Initiates the replica set and makes one user per service; mongosh runs it in the network of mongo-1 (`--nodb`).
// Running it again changes nothing: a set that exists is left as it is, passwords are set to those of the files.
const fs = require('fs');
const folder = process.env.SECRETS_DIR || '/run/secrets';
const members = process.env.MONGO_MEMBERS.split(',');
const services = ['ingest', 'signature', 'router', 'status', 'notifier'];
const secret = (name) => fs.readFileSync(`${folder}/${name}`, 'utf8').trim();

const UNAUTHORIZED = 13;
const ALREADY_INITIALIZED = 23;

function codeOf(deed) {
  try {
    deed();
    return 0;
  } catch (error) {
    return error.code;
  }
}

function waitForPrimary(admin) {
  for (let tries = 0; tries < 120; tries += 1) {
    if (admin.runCommand({ hello: 1 }).isWritablePrimary) return;
    sleep(500);
  }
  throw new Error(`${members[0]} did not become primary within 60 s: do all members run?`);
}

// Until there is a user, MongoDB lets 127.0.0.1 initiate the set and make the first one; afterwards it says UNAUTHORIZED.
function first(root) {
  const port = members[0].split(':')[1];
  const admin = connect(`mongodb://127.0.0.1:${port}/?directConnection=true`).getSiblingDB('admin');
  const config = { _id: 'rs0', members: members.map((host, id) => ({ _id: id, host, priority: id === 0 ? 2 : 1 })) };
  const initiated = codeOf(() => admin.runCommand({ replSetInitiate: config }));
  if (initiated === UNAUTHORIZED) return;
  if (initiated !== 0 && initiated !== ALREADY_INITIALIZED) throw new Error(`replSetInitiate: code ${initiated}`);
  waitForPrimary(admin);
  const made = codeOf(() => admin.createUser({ ...root, roles: ['root'] }));
  if (made !== 0 && made !== UNAUTHORIZED) throw new Error(`the root user cannot be made: code ${made}`);
}

const root = { user: 'root', pwd: secret('mongo_root') };
first(root);
const admin = connect(`mongodb://root:${root.pwd}@${members}/admin?replicaSet=rs0&authSource=admin`);
for (const service of services) {
  const user = { pwd: secret(`mongo_${service}`), roles: [{ role: 'readWrite', db: `hub_${service}` }] };
  if (admin.getUser(service)) admin.updateUser(service, user);
  else admin.createUser({ user: service, ...user });
}
print(`replica set rs0: ${members.join(', ')}; users: ${services.join(', ')}`);
