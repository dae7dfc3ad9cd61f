import {
  type CallHandler,
  type ExecutionContext,
  HttpException,
  Injectable,
  type NestInterceptor,
} from '@nestjs/common';
import { type Request } from 'express';
import { type Observable, tap } from 'rxjs';
import { Meters } from './meters.js';

/** Measures how long a webhook's sender waits for our answer: `@UseInterceptors(WebhookTimer)`. */
@Injectable()
export class WebhookTimer implements NestInterceptor {
  constructor(private readonly meters: Meters) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const startedMs = performance.now();
    // Other methods are refused, and would each bring a series of their own.
    if (context.switchToHttp().getRequest<Request>().method !== 'POST') return next.handle();
    const answered = (status: number): void =>
      this.meters.recordSince('http.server.request.duration', startedMs, {
        'http.request.method': 'POST',
        'http.route': '/webhooks',
        'http.response.status_code': String(status),
      });
    return next.handle().pipe(
      tap({
        complete: () => answered(200),
        error: (error: unknown) => answered(error instanceof HttpException ? error.getStatus() : 500),
      }),
    );
  }
}
