import { type Config } from '../../config/config.js';
import { type SpanAttributes } from '../trace/call-trace.js';
import { ATTRS } from '../trace/names.js';

/** What is the same for all spans of the model. */
export interface ModelFacts {
  model: string;
  /** Who is asked, and where. */
  attributes: SpanAttributes;
}

export function modelFacts({ url, model }: Pick<Config['openai'], 'url' | 'model'>): ModelFacts {
  const { hostname, port, protocol } = new URL(url);
  return {
    model,
    attributes: {
      [ATTRS.provider]: 'openai',
      [ATTRS.requestModel]: model,
      [ATTRS.serverAddress]: hostname,
      [ATTRS.serverPort]: port === '' ? (protocol === 'ws:' ? 80 : 443) : Number(port),
    },
  };
}
