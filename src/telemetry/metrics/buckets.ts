/** What a caller waits for, in seconds: close together where a pause begins to be felt, up to where they hang up. */
export const WAITS_S = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 7.5, 10];

/** Work on one frame of 20 ms, in seconds: from 20 µs to several frames. */
export const FRAME_WORK_S = [0.00002, 0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1];

/** Requests over the network, in seconds: OpenTelemetry's own for HTTP servers. */
export const REQUESTS_S = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/** Calls, in seconds: from a wrong number to the longest one there is. */
export const CALLS_S = [5, 15, 30, 60, 120, 300, 600, 1_200, 1_800, 3_600, 7_200, 14_400];

/** Of the GenAI conventions, for operations and tools, in seconds. */
export const GEN_AI_S = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];

/** Of the GenAI conventions, for tokens. */
export const GEN_AI_TOKENS = [
  1, 4, 16, 64, 256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864,
];
