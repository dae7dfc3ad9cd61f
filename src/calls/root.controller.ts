import { Controller, Get } from '@nestjs/common';

/** A sign of life for browsers, load balancers and the set-up check. */
@Controller()
export class RootController {
  @Get()
  message(): { message: string } {
    return { message: 'Media Stream Server is running!' };
  }
}
