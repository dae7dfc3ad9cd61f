import { z } from 'zod';
import { type TransferTarget } from '../../config/tools-setting.js';
import { type ToolCall } from '../model.port.js';
import { type Closing } from './closing-action.js';
import { type BuiltInTools } from './tool-desk.js';

export interface ParleyToolsSurroundings {
  targets: readonly TransferTarget[];
  /** Which of them are switched on. */
  isOn(name: string): boolean;
  close(closing: Closing, call: ToolCall): void;
  sendKeys(keys: string): Promise<boolean>;
  /**
   * @param wantsAnswer whether the model should speak about it.
   * @param error a word for what went wrong; undefined: nothing.
   */
  done(call: ToolCall, output: string, wantsAnswer: boolean, error?: string): void;
  /** Takes work that nobody waits for. */
  unattended(work: Promise<void>): void;
}

/** The model called it with something else than it takes. */
const WRONG = 'invalid-arguments';

const transferArguments = z.object({ to: z.string() });
const keyArguments = z.object({ keys: z.string().regex(/^[0-9A-D*#]{1,32}$/) });

/** The tools that Parley brings itself: `hang_up`, `transfer`, `send_keys` and `skip_turn`. */
export class ParleyTools implements BuiltInTools {
  constructor(private readonly around: ParleyToolsSurroundings) {}

  has(name: string): boolean {
    return this.around.isOn(name);
  }

  run(call: ToolCall): 'waits' | 'ends' | 'unknown' {
    const { around } = this;
    if (!around.isOn(call.name)) return 'unknown';
    switch (call.name) {
      case 'hang_up':
        around.close({ kind: 'hang-up' }, call);
        return 'ends';
      case 'transfer':
        this.transfer(call);
        return 'ends';
      case 'send_keys':
        around.unattended(this.sendKeys(call));
        return 'waits';
      case 'skip_turn':
        around.done(call, '{"status":"waiting"}', false);
        return 'waits';
      default:
        return 'unknown';
    }
  }

  private transfer(call: ToolCall): void {
    const to = transferArguments.safeParse(json(call.argumentsText)).data?.to.trim().toLowerCase();
    const target = this.around.targets.find(({ name }) => name.toLowerCase() === to);
    if (target) {
      this.around.close({ kind: 'transfer', target }, call);
      return;
    }
    const names = this.around.targets.map(({ name }) => name).join(', ');
    this.around.done(
      call,
      JSON.stringify({ error: `Nobody of that name. You can transfer to: ${names}.` }),
      true,
      WRONG,
    );
  }

  private async sendKeys(call: ToolCall): Promise<void> {
    const keys = keyArguments.safeParse(json(call.argumentsText)).data?.keys;
    if (keys === undefined) {
      this.around.done(call, '{"error":"Keys are 0 to 9, A to D, * and #, 32 at most."}', true, WRONG);
      return;
    }
    const sent = await this.around.sendKeys(keys).catch(() => false);
    if (sent) this.around.done(call, '{"status":"sent"}', true);
    else this.around.done(call, '{"error":"The keys could not be sent."}', true, 'not-sent');
  }
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
