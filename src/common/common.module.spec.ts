import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ThisPod } from '../affinity/this-pod.js';
import { ThisPodModule } from '../affinity/this-pod.module.js';
import { ConfigModule } from '../config/config.module.js';
import { config as configOf } from '../config/spec-support.js';
import { CommonModule } from './common.module.js';
import { Keyring } from './keyring.js';

describe('CommonModule', () => {
  it('has one keyring for all, which follows the secret of the configuration', async () => {
    const config = configOf({ STREAM_TOKEN_SECRET: 'the first of all secrets', POD_UID: 'uid-0' });
    @Module({ imports: [ConfigModule.forRoot(config), CommonModule, ThisPodModule] })
    class Everything {}
    const app = await NestFactory.createApplicationContext(Everything, { logger: false });
    try {
      const ring = app.get(Keyring);
      const { keyId, mac } = ring.sign('p', 'x');
      config.stream.tokenSecret.replace('the second of all secrets');
      config.stream.tokenSecret.replace('the third of all secrets');
      expect(ring.verify('p', 'x', keyId, mac)).toBe(false);
      expect(app.get(ThisPod).uid).toBe('uid-0');
    } finally {
      await app.close();
    }
  });
});
