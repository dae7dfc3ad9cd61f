import {
  All,
  BadRequestException,
  Controller,
  HttpCode,
  Inject,
  MethodNotAllowedException,
  Post,
  Req,
  Res,
  ServiceUnavailableException,
  UnauthorizedException,
  UseInterceptors,
} from '@nestjs/common';
import { type Request, type Response } from 'express';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { CallDirectory } from '../affinity/call-directory.js';
import { Fleet } from '../affinity/fleet.js';
import { CONFIG } from '../config/config.token.js';
import { type Config } from '../config/config.js';
import { publicKeyList } from '../config/public-keys.js';
import { Lifecycle } from '../health/lifecycle.js';
import { Counters } from '../telemetry/counters.js';
import { WebhookTimer } from '../telemetry/metrics/webhook-timer.js';
import { WebhookDispatch } from './fleet/webhook-dispatch.js';
import { parseWebhook, type WebhookEnvelope } from './webhook-event.js';
import { receiptOf, type WebhookReceipt } from './webhook-receipt.js';
import { isGenuine } from './webhook-signature.js';

/** Telnyx's webhooks: checked, acknowledged at once, worked on afterwards. */
@Controller('webhooks')
@UseInterceptors(WebhookTimer)
export class WebhooksController {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @InjectPinoLogger(WebhooksController.name) private readonly log: PinoLogger,
    private readonly dispatch: WebhookDispatch,
    private readonly fleet: Fleet,
    private readonly directory: CallDirectory,
    private readonly lifecycle: Lifecycle,
    private readonly counters: Counters,
  ) {}

  @Post()
  @HttpCode(200)
  async receive(@Req() request: Request): Promise<object> {
    this.counters.webhooks++;
    const receivedAtMs = Date.now();
    const body = Buffer.isBuffer(request.body) ? request.body.toString('utf8') : '';
    await this.requireSignature(body, request);
    const envelope = this.read(body);
    const { event } = envelope;
    // The second leg of a transfer is announced too, and is ours to follow to the end.
    const isNewCall = event.kind === 'initiated' && event.direction === 'incoming';
    if (isNewCall && this.lifecycle.draining && !this.fleet.stayingElsewhere) {
      // 503 makes Telnyx deliver the call again, to a pod that stays. Where one is known, the call is answered for it.
      throw new ServiceUnavailableException('This pod is draining');
    }
    if (await this.directory.firstSight(envelope.eventId)) {
      this.workAfterwards(envelope, body, receiptOf(envelope, receivedAtMs, request.headers['traceparent']));
    } else this.counters.webhooksDuplicate++;
    return {};
  }

  @All()
  refuse(@Res({ passthrough: true }) response: Response): never {
    response.setHeader('Allow', 'POST');
    throw new MethodNotAllowedException('Webhooks are sent with POST');
  }

  private async requireSignature(body: string, request: Request): Promise<void> {
    if (this.config.telnyx.webhookSignature === 'off') return;
    const keys = this.config.telnyx.publicKeys;
    const headers: Record<string, string> = {};
    for (const name of ['telnyx-signature-ed25519', 'telnyx-timestamp']) {
      const value = request.headers[name];
      if (typeof value === 'string') headers[name] = value;
    }
    if (keys && (await isGenuine(body, headers, publicKeyList(keys.value)))) return;
    this.counters.webhooksRefused++;
    this.log.warn(
      { signed: 'telnyx-signature-ed25519' in headers },
      'webhook refused: its signature or timestamp is not good. If it came from Telnyx, compare TELNYX_PUBLIC_KEY with the portal (Keys & Credentials, Public Key) and check the clock',
    );
    throw new UnauthorizedException('The signature or its timestamp is missing or wrong');
  }

  private read(body: string): WebhookEnvelope {
    const envelope = parseWebhook(body);
    if (typeof envelope !== 'string') return envelope;
    this.counters.webhooksUnreadable++;
    if (envelope === 'version-1') {
      this.log.error(
        "webhook in Telnyx's API version 1 shape: set 'Webhook API Version' to 'API v2' in the portal (Voice, Call Control Applications, your application)",
      );
      throw new BadRequestException("API version 1 webhook: set the application's webhook API version to 2");
    }
    this.log.warn({ problem: envelope }, 'webhook refused: its body could not be read');
    throw new BadRequestException(
      envelope === 'not-json' ? 'The body is not JSON' : 'The body is not a Telnyx webhook',
    );
  }

  /** The reply is not kept waiting, and a failure here does not make Telnyx deliver the event again and again. */
  private workAfterwards({ event, eventType }: WebhookEnvelope, body: string, receipt: WebhookReceipt): void {
    setImmediate(() => {
      this.dispatch.handle(event, body, receipt).catch((error: unknown) => {
        this.counters.webhookFailures++;
        this.log.error({ err: error, eventType }, 'webhook could not be worked on');
      });
    });
  }
}
