/** What the preload has started, for the application that runs after it. */
export interface RunningTelemetry {
  /** All metrics as they stand, in Prometheus' text format. */
  metricsText(): Promise<string>;
  /** Told of what could not be exported. */
  onError(tell: (error: Error) => void): void;
  /** Sends what there is, and stops. Rejects where that fails. */
  shutdown(): Promise<void>;
}

let running: RunningTelemetry | undefined;

/** Undefined where the process was started without the preload, or with `OTEL_SDK_DISABLED`. */
export function runningTelemetry(): RunningTelemetry | undefined {
  return running;
}

/** OpenTelemetry's providers are one for the whole process; so is this. */
export function telemetryStarted(telemetry: RunningTelemetry): void {
  running = telemetry;
}
