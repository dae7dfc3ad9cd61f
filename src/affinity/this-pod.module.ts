import { Global, Module } from '@nestjs/common';
import { ThisPod } from './this-pod.js';

@Global()
@Module({ providers: [ThisPod], exports: [ThisPod] })
export class ThisPodModule {}
