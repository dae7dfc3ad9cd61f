import { type Clock } from '../../common/clock.js';

const EVERY_MS = 60_000;

/**
 * What becomes of failed exports: one line a minute, however many there are. A collector that is away costs spans and
 * figures, never a call.
 * @param warn writes a log line.
 */
export function exportProblems(clock: Clock, warn: (line: object, message: string) => void): (error: Error) => void {
  let toldMs = -Infinity;
  let failures = 0;
  return (error) => {
    failures++;
    if (clock.nowMs() - toldMs < EVERY_MS) return;
    toldMs = clock.nowMs();
    // Its message names the address and the error; never what was to be sent.
    warn(
      { problem: error.message, failures },
      'traces or metrics could not be sent: is OTEL_EXPORTER_OTLP_ENDPOINT right?',
    );
    failures = 0;
  };
}
