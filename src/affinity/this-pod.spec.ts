import { ThisPod } from './this-pod.js';

const http = { port: 6000, managementPort: 8081, host: '::' };

describe('ThisPod', () => {
  it('is another process with every start, at the same address and with the same uid', () => {
    const pod = { name: 'parley-0', ip: '10.0.0.7', uid: 'b1c0' };
    const [first, second] = [new ThisPod({ pod, http }), new ThisPod({ pod, http })];
    expect(first.identity).toEqual({ ...second.identity, bootId: first.bootId });
    expect(first.bootId).not.toBe(second.bootId);
    expect(first).toMatchObject({ uid: 'b1c0', name: 'parley-0', address: '10.0.0.7:8081' });
  });

  it('goes by its name where nobody told it a uid', () => {
    expect(new ThisPod({ pod: { name: 'laptop', ip: '127.0.0.1' }, http }).uid).toBe('laptop');
  });

  it('is reached where its listener is bound', () => {
    const pod = new ThisPod({ pod: { name: 'a', ip: '127.0.0.1' }, http: { ...http, managementPort: 0 } });
    const before = pod.identity;
    pod.listening(40_123);
    expect(pod.address).toBe('127.0.0.1:40123');
    expect(pod.identity.address).toBe('127.0.0.1:40123');
    expect(before.address).toBe('127.0.0.1:0');
  });

  it('writes an IPv6 address so that a port can follow', () => {
    const pod = new ThisPod({ pod: { name: 'a', ip: 'fd00::7' }, http });
    expect(pod.address).toBe('[fd00::7]:8081');
    expect(new URL(`http://${pod.address}/`).port).toBe('8081');
  });
});
