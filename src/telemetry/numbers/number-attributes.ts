import { Inject, Injectable } from '@nestjs/common';
import { Keyring } from '../../common/keyring.js';
import { type Config } from '../../config/config.js';
import { CONFIG } from '../../config/config.token.js';
import { type SpanAttributes } from '../trace/call-trace.js';
import { ATTRS } from '../trace/names.js';
import { currentHashKey, hashNumber } from './number-hash.js';

/** Phone numbers as TRACE_NUMBERS wants them in traces. */
@Injectable()
export class NumberAttributes {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly keyring: Keyring,
  ) {}

  /** @param from who calls. @param to who is called. */
  of(from: string | undefined, to: string | undefined): SpanAttributes {
    switch (this.config.telemetry.numbers) {
      case 'off':
        return {};
      case 'plain':
        return { [ATTRS.from]: from, [ATTRS.to]: to };
      case 'hashed': {
        const key = currentHashKey(this.config, this.keyring);
        return { [ATTRS.fromHash]: hashNumber(from, key), [ATTRS.toHash]: hashNumber(to, key) };
      }
    }
  }
}
