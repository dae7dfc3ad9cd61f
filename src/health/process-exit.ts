import { type LoggerService } from '@nestjs/common';
import { type Lifecycle } from './lifecycle.js';
import { termWasLost } from './lost-signal.js';

/** Nest's loggers take the last text for the name of who is speaking, and only the one before it for the message. */
const CONTEXT = 'Process';

/**
 * A mistake of ours that nobody caught must not end the calls of a whole pod at once, and must not go on for ever either:
 * it is logged, the pod takes no new calls, and leaves when the last one is over, to be started anew.
 */
export function outliveMistakes(app: Stoppable): void {
  process.on('unhandledRejection', (reason) => {
    app.log.error(reason, 'unhandled rejection', CONTEXT);
  });
  process.on('uncaughtException', (error) => {
    app.log.error(error, 'uncaught exception: taking no new calls, leaving when the last one is over', CONTEXT);
    if (app.lifecycle.draining) return;
    app.drain();
    waitForCalls(app, Infinity, 1);
  });
}

export interface Stoppable {
  lifecycle: Lifecycle;
  calls: {
    readonly heldCalls: number;
    endAll(reason: 'shutdown', sentence: boolean): void;
  };
  log: LoggerService;
  /** Takes no new calls any more; those it has are handed over, or ended at last (DRAIN_DEADLINE). */
  drain(): void;
  /** How long a drain may take before what is left is ended with a sentence. */
  drainDeadlineMs: number;
  /** How long a pod without calls stays after SIGTERM: until nobody sends it anything new. */
  lingerMs: number;
  /** Whether other pods go on with the calls of a process that is suddenly gone. */
  othersTakeOver(): boolean;
  /** Closes what is open, when no call needs it any more. */
  close(): Promise<void>;
}

const LOOK_EVERY_MS = 250;
const REPORT_EVERY_MS = 10_000;
/** Long enough for a last sentence and Telnyx's word that the calls are over. */
const GOODBYE_MS = 30_000;

/**
 * SIGTERM: drains, and leaves when the last call is over or elsewhere. SIGINT (Ctrl-C): ends the calls with a sentence,
 * then leaves. A second signal of either kind: leaves at once, and what is left to the other pods; ends it where there are none.
 */
export function stopOnSignals(app: Stoppable): void {
  let signals = 0;
  const onSignal = (signal: NodeJS.Signals): void => {
    signals++;
    if (signals > 1) {
      if (app.othersTakeOver()) {
        // As if it had been killed, which they are ready for: better for a caller than a hang-up.
        app.log.warn(`${signal} again: leaving ${app.calls.heldCalls} calls to the other pods`);
        process.exit(1);
        return;
      }
      app.log.warn(`${signal} again: ending ${app.calls.heldCalls} calls now`);
      app.calls.endAll('shutdown', false);
      // Hang-ups are on their way to Telnyx; they get a moment.
      setTimeout(() => process.exit(1), app.calls.heldCalls > 0 ? 1_000 : 0);
      return;
    }
    app.drain();
    app.log.log(`${signal}: taking no new calls, ${app.calls.heldCalls} to go`);
    if (signal === 'SIGINT') app.calls.endAll('shutdown', true);
    if (signal === 'SIGINT') waitForCalls(app, GOODBYE_MS);
    else waitForCalls(app, GOODBYE_MS + app.drainDeadlineMs, 0, app.lingerMs);
  };
  const lost = termWasLost();
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  if (lost) onSignal('SIGTERM');
}

function waitForCalls(app: Stoppable, patienceMs: number, exitCode = 0, lingerMs = 0): void {
  const begunMs = performance.now();
  let reportedMs = begunMs;
  const look = (): void => {
    const nowMs = performance.now();
    const over = app.calls.heldCalls === 0 && nowMs - begunMs >= lingerMs;
    if (over || nowMs - begunMs > patienceMs) {
      app.close().then(
        () => process.exit(exitCode),
        (error: unknown) => {
          app.log.error(`Shutdown was not clean: ${String(error)}`);
          process.exit(1);
        },
      );
      return;
    }
    if (nowMs - reportedMs > REPORT_EVERY_MS) {
      reportedMs = nowMs;
      app.log.log(`draining: waiting for ${app.calls.heldCalls} calls`);
    }
    setTimeout(look, LOOK_EVERY_MS);
  };
  look();
}
