/**
 * The other side of a program's connections: `node upstream.cjs KIND` prints its port, and ends when its standard
 * input does.
 */
'use strict';
const { createServer } = require('node:http');
const net = require('node:net');

const KINDS = {
  /** Answers at once, and keeps the connection. */
  answering: () => {
    const server = createServer((request, response) => response.end('{"ok":true}'));
    server.keepAliveTimeout = 0;
    return server;
  },
  /** Takes requests and never answers. */
  silent: () => createServer(() => undefined),
  /** Takes connections and never says a word. */
  mute: () => net.createServer((socket) => socket.resume().on('error', () => undefined)),
};

const server = KINDS[process.argv[2]]();
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
process.stdin.resume().on('end', () => process.exit());
