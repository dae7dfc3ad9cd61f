import * as http from 'node:http';
import * as https from 'node:https';

export interface WebhookReply {
  readonly status: number | undefined;
  /** Why there is no status. */
  readonly error: string | undefined;
  readonly location?: string | undefined;
  readonly latencyMs: number;
}

/**
 * The HTTP client of the webhooks: kept-alive connections, a hard time limit, any port. (WHATWG `fetch` refuses port 6000,
 * which is a usual one for the app.)
 */
export class WebhookClient {
  private readonly plain = new http.Agent({ keepAlive: true });
  private readonly secure = new https.Agent({ keepAlive: true });
  private readonly running = new Set<http.ClientRequest>();
  private closed = false;

  /** Never rejects. @param timeoutMs until the status line has arrived */
  post(
    url: string,
    body: string,
    headers: Record<string, string>,
    options: { timeoutMs: number; validateCertificates: boolean; method?: string },
  ): Promise<WebhookReply> {
    return this.attempt(url, body, headers, options, performance.now());
  }

  close(): void {
    this.closed = true;
    for (const request of this.running) request.destroy();
    this.plain.destroy();
    this.secure.destroy();
  }

  private attempt(
    url: string,
    body: string,
    headers: Record<string, string>,
    options: { timeoutMs: number; validateCertificates: boolean; method?: string },
    startedAtMs: number,
  ): Promise<WebhookReply> {
    return new Promise((resolve) => {
      const done = (status: number | undefined, error?: string, location?: string): void =>
        resolve({ status, error, location, latencyMs: performance.now() - startedAtMs });
      if (this.closed) {
        done(undefined, 'closed');
        return;
      }
      let request: http.ClientRequest;
      try {
        const isSecure = new URL(url).protocol === 'https:';
        request = (isSecure ? https : http).request(url, {
          method: options.method ?? 'POST',
          agent: isSecure ? this.secure : this.plain,
          headers: { ...headers, 'Content-Length': String(Buffer.byteLength(body)) },
          ...(isSecure ? { rejectUnauthorized: options.validateCertificates } : {}),
        });
      } catch (error) {
        done(undefined, String(error));
        return;
      }
      this.running.add(request);
      const timer = setTimeout(() => request.destroy(new Error('timeout')), options.timeoutMs);
      const finish = (): void => {
        clearTimeout(timer);
        this.running.delete(request);
      };
      request.on('response', (response) => {
        finish();
        response.on('error', () => undefined);
        response.resume();
        done(response.statusCode, undefined, response.headers.location);
      });
      request.on('error', (error: NodeJS.ErrnoException) => {
        finish();
        // The app closed an idle connection just as we picked it: not a failed delivery, every HTTP client asks again.
        if (error.code === 'ECONNRESET' && request.reusedSocket && !this.closed) {
          resolve(this.attempt(url, body, headers, options, startedAtMs));
          return;
        }
        done(undefined, this.closed ? 'closed' : error.message || (error.code ?? 'error'));
      });
      request.end(body);
    });
  }
}
