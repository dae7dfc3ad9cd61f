import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { CLOCK } from '../common/clock.token.js';
import { type Clock } from '../common/clock.js';
import { CONFIG } from '../config/config.token.js';
import { type Config } from '../config/config.js';
import { type G711Law } from '../conversation/line.port.js';
import { ModelConnector, type ModelFailure, type ModelSession, ModelUnavailable } from '../conversation/model.port.js';
import { AssistantTools } from '../conversation/tools/assistant-tools.js';
import { LoopLateness } from '../common/loop-lateness.js';
import { Counters } from '../telemetry/counters.js';
import { openRealtimeSocket } from './realtime-socket.js';
import { RealtimeSession } from './realtime-session.js';
import { WarmPool } from './warm-pool.js';

/** Sessions with OpenAI's Realtime API, from the warm pool or newly connected. */
@Injectable()
export class OpenAIRealtimeService extends ModelConnector implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly pool: WarmPool;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(CLOCK) private readonly clock: Clock,
    @InjectPinoLogger(OpenAIRealtimeService.name) private readonly log: PinoLogger,
    private readonly counters: Counters,
    private readonly lateness: LoopLateness,
    private readonly tools: AssistantTools,
  ) {
    super();
    this.pool = new WarmPool(
      { size: config.openai.warmSessions, maxAgeMs: config.openai.warmSessionMaxAgeMs },
      clock,
      () => this.connect(),
      ({ kind, code, message }, retryInMs) =>
        this.log[kind === 'fatal' ? 'error' : 'warn']({ code, retryInMs }, `no warm session with OpenAI: ${message}`),
    );
  }

  /** Sessions that wait for a call. */
  get warmSessions(): number {
    return this.pool.ready;
  }

  onApplicationBootstrap(): void {
    this.pool.start();
  }

  onModuleDestroy(): void {
    this.pool.close();
  }

  anticipate(): void {
    this.pool.anticipate();
  }

  async acquire(law: G711Law): Promise<ModelSession> {
    const askedMs = this.clock.nowMs();
    try {
      const session = await this.pool.acquire();
      session.handOut(askedMs);
      await session.setInputLaw(law);
      await session.essentialToolsListed();
      return session;
    } catch (failure) {
      throw new ModelUnavailable(failure as ModelFailure);
    }
  }

  /** Mu-law, as asked for in the answer; a line that speaks the other law has the session changed. */
  private async connect(): Promise<RealtimeSession> {
    try {
      const session = await RealtimeSession.open(openRealtimeSocket(this.config.openai), 'pcmu', {
        config: this.config,
        declarations: this.tools.declarations,
        clock: this.clock,
        log: this.log,
        counters: this.counters,
        lateness: this.lateness,
      });
      this.counters.modelConnects++;
      return session;
    } catch (failure) {
      this.counters.modelConnectFailures++;
      this.counters.modelFailed('connect', (failure as ModelFailure).code);
      throw failure;
    }
  }
}
