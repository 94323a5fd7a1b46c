// An authority for time stamps (RFC 3161), made by openssl: a CA, a certificate for stamping, and a
// server on the loopback that answers by `openssl ts -reply`, well or badly as a test tells it to.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type Answer =
  | 'good'
  | 'wrong imprint'
  | 'wrong nonce'
  | 'rejection'
  | 'garbage'
  | 'huge'
  | 'silence'
  | 'status 500'
  | 'redirection';

const config = `
[tsa]
default_tsa = one
[one]
serial = serial
crypto_device = builtin
signer_cert = tsa.pem
certs = ca.pem
signer_key = tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
tsa_name = yes
ess_cert_id_chain = no
[stamping]
basicConstraints = critical,CA:false
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
`;

export async function body_of(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

export function listen(server: Server): Promise<string> {
  return new Promise((done) => {
    server.listen(0, '127.0.0.1', () => {
      done(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    });
  });
}

export class Authority {
  readonly folder = mkdtempSync(join(tmpdir(), 'annals-tsa-'));
  readonly #server: Server;
  #answer: Answer = 'good';
  url = '';
  asked = 0;

  private constructor() {
    this.#make_certificates();
    this.#server = createServer((request, response) => {
      this.#reply(request, response).catch((error) => response.destroy(error));
    });
  }

  static async start(): Promise<Authority> {
    const authority = new Authority();
    authority.url = await listen(authority.#server);
    return authority;
  }

  /** The file with the certificate that vouches for its stamps. */
  get ca(): string {
    return join(this.folder, 'ca.pem');
  }

  /** What it answers from now on. Whoever still waits for an answer is hung up on. */
  set answer(answer: Answer) {
    this.#answer = answer;
    this.#server.closeAllConnections();
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
    rmSync(this.folder, { recursive: true });
  }

  #openssl(...args: string[]): Buffer {
    return execFileSync('openssl', args, { cwd: this.folder, stdio: ['ignore', 'pipe', 'pipe'] });
  }

  #make_certificates(): void {
    writeFileSync(join(this.folder, 'tsa.cnf'), config);
    writeFileSync(join(this.folder, 'serial'), '01\n');
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    this.#openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '30',
      '-subj', '/CN=Test CA', '-addext', 'basicConstraints=critical,CA:true');
    this.#openssl('req', ...key, '-keyout', 'tsa.key', '-out', 'tsa.csr', '-subj', '/CN=Test TSA');
    this.#openssl('x509', '-req', '-in', 'tsa.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-days',
      '30', '-CAcreateserial', '-extfile', 'tsa.cnf', '-extensions', 'stamping', '-out', 'tsa.pem');
  }

  #stamp(request: Buffer): Buffer {
    writeFileSync(join(this.folder, 'query'), request);
    this.#openssl('ts', '-reply', '-config', 'tsa.cnf', '-queryfile', 'query', '-out', 'reply');
    return readFileSync(join(this.folder, 'reply'));
  }

  // A query of our own: of the same digest, but with another nonce; or of others.
  #query(...of: string[]): Buffer {
    return this.#openssl('ts', '-query', '-cert', ...of);
  }

  async #reply(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await body_of(request);
    ++this.asked;
    const send = (bytes: Buffer) =>
      response.writeHead(200, { 'content-type': 'application/timestamp-reply' }).end(bytes);
    // The imprint is an octet string of 32 bytes.
    const at = body.indexOf(Buffer.from('0420', 'hex')) + 2;
    const digest = body.subarray(at, at + 32).toString('hex');
    if (request.headers['content-type'] !== 'application/timestamp-query') {
      response.writeHead(415).end();
    } else if (this.#answer === 'good') {
      send(this.#stamp(body));
    } else if (this.#answer === 'wrong imprint') {
      send(this.#stamp(this.#query('-sha256', '-digest', 'ab'.repeat(32))));
    } else if (this.#answer === 'wrong nonce') {
      send(this.#stamp(this.#query('-sha256', '-digest', digest)));
    } else if (this.#answer === 'rejection') {
      send(this.#stamp(this.#query('-sha512', '-digest', 'ab'.repeat(64))));
    } else if (this.#answer === 'garbage') {
      send(Buffer.from('<html>Welcome to the hotel</html>'));
    } else if (this.#answer === 'huge') {
      response.writeHead(200);
      const piece = Buffer.alloc(65_536, 'x');
      const more = () => {
        while (!response.destroyed && response.write(piece));
      };
      response.on('drain', more);
      more();
    } else if (this.#answer === 'status 500') {
      response.writeHead(500).end('broken');
    } else if (this.#answer === 'redirection') {
      response.writeHead(302, { location: 'file:///etc/passwd' }).end();
    }
    // silence: nothing is answered until somebody hangs up
  }
}
