/**
 * The rendezvous of the command with the target and its image child: two abstract sockets with unguessable
 * names. A client of the image socket must send the requested image; a client of the control socket only
 * learns when to close its inspector.
 */
import { ImageError, readImage, type ImageStream } from '@afterimage/image/read';
import { deferred } from '@afterimage/host/deferred';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { abstractName } from './abstract-socket.js';
import type { ChildReport } from './in-target.js';

export interface Rendezvous {
  control: string;
  image: string;
  /** Identifies the image. */
  request: string;
  /** How the image child ended, as reported by the target. */
  childEnded: Promise<ChildReport>;
  /** The image, once its header has arrived. */
  arrived: Promise<ImageStream>;
  /** Tells the target to close its inspector. */
  letGo(): void;
  close(): void;
}

export async function openRendezvous(): Promise<Rendezvous> {
  const name = `afterimage-${randomBytes(16).toString('hex')}`;
  const names = { control: abstractName(`${name}-control`), image: abstractName(`${name}-image`) };
  const request = randomBytes(16).toString('hex');
  const childEnded = deferred<ChildReport>();
  const arrived = deferred<ImageStream>();
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  };
  const targets: Socket[] = [];
  let released = false;

  const control = createServer((socket) => {
    keep(socket);
    targets.push(socket);
    if (released) socket.write('close\n');
    const lines = createInterface({ input: socket });
    // Node.js 20.20 passes the socket's error to this emitter, where it would end the process.
    lines.on('error', () => undefined);
    lines.on('line', (line) => {
      const report = parseReport(line);
      if (report !== null) childEnded.resolve(report);
    });
    socket.on('close', () => childEnded.reject(new Error('the target has hung up')));
  });
  const image = createServer({ pauseOnConnect: true }, (socket) => {
    keep(socket);
    readImage(socket as AsyncIterable<Uint8Array>).then(
      (stream) => {
        if (stream.header.metadata.request === request) arrived.resolve(stream);
        else socket.destroy();
      },
      (error: unknown) => {
        // From another client, or from a child that failed before the header; the target's report says why.
        if (!(error instanceof ImageError)) arrived.reject(error as Error);
        socket.destroy();
      },
    );
  });
  await Promise.all([listen(control, names.control), listen(image, names.image)]);
  return {
    ...names,
    request,
    childEnded: childEnded.promise,
    arrived: arrived.promise,
    letGo: () => {
      released = true;
      for (const socket of targets) socket.write('close\n');
    },
    close: () => {
      control.close();
      image.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

async function listen(server: Server, name: string): Promise<void> {
  server.listen(name);
  await once(server, 'listening');
}

function parseReport(line: string): ChildReport | null {
  try {
    const { exitCode, signal } = JSON.parse(line) as Partial<ChildReport>;
    return { exitCode: exitCode ?? null, signal: signal ?? null };
  } catch {
    return null;
  }
}
