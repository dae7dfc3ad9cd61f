import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder with the files: they stay in the source tree, while this code may run from dist/. */
function folder(): string {
  for (let at = dirname(fileURLToPath(import.meta.url)); ; at = dirname(at)) {
    const candidate = join(at, 'bench', 'tls');
    if (existsSync(join(candidate, 'cert.pem'))) return candidate;
    if (at === dirname(at)) throw new Error('the folder bench/tls with the test certificate is missing');
  }
}

/** For NODE_EXTRA_CA_CERTS of a relay. */
export function certificatePath(): string {
  return join(folder(), 'cert.pem');
}

/** The public test certificate for localhost and its key. */
export function readCertificate(): { cert: Buffer; key: Buffer } {
  return { cert: readFileSync(certificatePath()), key: readFileSync(join(folder(), 'key.pem')) };
}
