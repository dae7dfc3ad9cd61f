import { Injectable } from '@nestjs/common';

/** Media sockets that are served by another pod and pass through this one: it must not leave before them. */
@Injectable()
export class Relays {
  open = 0;
}
