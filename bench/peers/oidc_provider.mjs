// node-oidc-provider with the device flow, everything in memory. Prints one JSON line with its port, then serves.
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

// Its own memory adapter keeps 1,000 entries; this one keeps all, in plain maps.
class Everything {
  static kept = new Map();
  static userCodes = new Map();
  constructor(model) { this.model = model; }
  key(id) { return `${this.model}:${id}`; }
  async upsert(id, payload) {
    Everything.kept.set(this.key(id), payload);
    if (payload.userCode) Everything.userCodes.set(payload.userCode, id);
  }
  async find(id) { return Everything.kept.get(this.key(id)); }
  async findByUserCode(code) { return this.find(Everything.userCodes.get(code)); }
  async findByUid() { return undefined; }
  async consume(id) { Everything.kept.get(this.key(id)).consumed = Math.floor(Date.now() / 1000); }
  async destroy(id) { Everything.kept.delete(this.key(id)); }
  async revokeByGrantId() {}
}

const server = createServer();
server.keepAliveTimeout = 75_000; // as ours
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address();
  const provider = new Provider(`http://127.0.0.1:${port}`, {
    adapter: Everything,
    clients: [{
      client_id: 'bench-tv',
      token_endpoint_auth_method: 'none',
      application_type: 'native',
      grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
      redirect_uris: [],
      response_types: [],
    }],
    features: { deviceFlow: { enabled: true }, devInteractions: { enabled: false } },
    cookies: { keys: ['only for this benchmark'] },
    ttl: { DeviceCode: 1800 },
  });
  server.on('request', provider.callback());
  console.log(JSON.stringify({ port, device_authorization: '/device/auth', token: '/token' }));
});
process.on('SIGTERM', () => process.exit(0));
