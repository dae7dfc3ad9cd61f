import { type RealtimeDouble } from '../realtime/index.js';
import { TelnyxDouble } from '../telnyx/index.js';
import { OtlpReceiver } from '../trace/otlp-receiver.js';
import { LIVE_INSTRUCTIONS, startDemoModel } from './cast.js';
import { type GatewayLine, GatewayProcess } from './gateway-process.js';
import { Restaurant } from './restaurant.js';

export interface StageOptions {
  /** With it the model is the real one; these are the user's settings for the gateway, the API key among them. */
  live: Readonly<Record<string, string>> | undefined;
  onLine: (line: GatewayLine) => void;
  stopped: AbortSignal;
  /** How long the restaurant's system takes to book. */
  toolMs?: number | undefined;
}

/** The gateway and what is around it. */
export interface Stage {
  telnyx: TelnyxDouble;
  /** Missing when the model is the real one. */
  realtime: RealtimeDouble | undefined;
  restaurant: Restaurant;
  gateway: GatewayProcess;
  /** Gets the gateway's spans. */
  collector: OtlpReceiver;
  close(): Promise<void>;
}

/** Starts the doubles, the restaurant and the gateway between them, on free ports. Rejects with GatewayFailed. */
export async function setStage({ live, onLine, stopped, toolMs }: StageOptions): Promise<Stage> {
  const telnyx = await TelnyxDouble.start({ webhookUrl: undefined });
  const realtime = live === undefined ? await startDemoModel() : undefined;
  const restaurant = await Restaurant.start(toolMs);
  const collector = await OtlpReceiver.start();
  const closeDoubles = async (): Promise<void> => {
    await Promise.all([telnyx.close(), realtime?.close(), restaurant.close(), collector.close()]);
  };
  try {
    const env = {
      ...(realtime && { OPENAI_API_KEY: 'sk-double', OPENAI_REALTIME_URL: realtime.url }),
      ...(live && { INSTRUCTIONS: LIVE_INSTRUCTIONS, ...live }),
      ...restaurant.gatewaySettings,
      ...collector.traceSettings,
      TELNYX_BASE_URL: telnyx.restUrl,
      TELNYX_API_KEY: telnyx.apiKey,
      TELNYX_PUBLIC_KEY: telnyx.publicKey,
    };
    const gateway = await GatewayProcess.start({ env, onLine, stopped });
    telnyx.webhookUrl = gateway.webhookUrl;
    return {
      telnyx,
      realtime,
      restaurant,
      gateway,
      collector,
      close: async () => {
        await gateway.stop();
        await closeDoubles();
      },
    };
  } catch (error) {
    await closeDoubles();
    throw error;
  }
}
