import { modelFacts } from './model-facts.js';

describe('modelFacts', () => {
  it.each([
    ['wss://api.openai.com/v1/realtime', 'api.openai.com', 443],
    ['ws://double/v1/realtime', 'double', 80],
    ['wss://eu.example:8443/v1/realtime', 'eu.example', 8443],
  ])('says who is asked at %s, and where', (url, address, port) => {
    expect(modelFacts({ url, model: 'gpt-x' })).toEqual({
      model: 'gpt-x',
      attributes: {
        'gen_ai.provider.name': 'openai',
        'gen_ai.request.model': 'gpt-x',
        'server.address': address,
        'server.port': port,
      },
    });
  });
});
