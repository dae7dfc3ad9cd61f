export { freePort, RedisServer, type RedisServerOptions } from '../../simulator/cluster/redis-server.js';
