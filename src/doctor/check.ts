import type Telnyx from 'telnyx';
import { type Config } from '../config/config.js';

/** What a check found. `fix` is the next thing to do, and is there whenever something should be done. */
export type CheckResult =
  | { status: 'ok'; detail: string }
  | { status: 'warn' | 'fail'; detail: string; fix: string }
  | { status: 'skip'; detail: string };

/** One thing about a real set-up that can be tried. Never throws; every failure is a result. */
export interface Check {
  name: string;
  run(context: DoctorContext): Promise<CheckResult>;
}

export type CallControlApplication = Telnyx.CallControlApplication;

export interface DoctorContext {
  readonly config: Config;
  readonly telnyx: Telnyx;
  /** For each request and each socket. */
  readonly timeoutMs: number;
  /** The number whose way to the gateway is checked, in E.164; undefined: any number of the application will do. */
  readonly number: string | undefined;
  /** What earlier checks found, for later ones. */
  readonly found: {
    telnyxAnswers?: boolean;
    application?: CallControlApplication;
  };
}

export function ok(detail: string): CheckResult {
  return { status: 'ok', detail };
}

export function warn(detail: string, fix: string): CheckResult {
  return { status: 'warn', detail, fix };
}

export function fail(detail: string, fix: string): CheckResult {
  return { status: 'fail', detail, fix };
}

export function skip(detail: string): CheckResult {
  return { status: 'skip', detail };
}
