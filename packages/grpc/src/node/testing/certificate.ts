/** A certificate for `localhost`, made for one test. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Undefined, and the test skipped, without openssl. */
export async function makeCertificate(t: TestContext): Promise<{ key: Buffer; cert: Buffer } | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'kvorum-tls-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  try {
    await run('openssl', ['req', '-x509', ...kind, '-keyout', key, '-out', cert, '-days', '2', ...subject]);
  } catch {
    t.skip('no openssl on this machine');
    return undefined;
  }
  return { key: readFileSync(key), cert: readFileSync(cert) };
}
