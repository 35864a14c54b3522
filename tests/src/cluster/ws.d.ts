/** The part of ws that the API server uses. */
declare module 'ws' {
  import type { EventEmitter } from 'node:events';
  import type { IncomingMessage } from 'node:http';
  import type { Duplex } from 'node:stream';

  interface Events {
    message: [data: Buffer];
    close: [];
    error: [error: Error];
  }

  export interface WebSocket extends EventEmitter<Events> {
    readonly protocol: string;
    readonly readyState: number;
    readonly OPEN: 1;
    /** Calls back when the data has been handed to the system, or cannot be any more. */
    send(data: Buffer, callback: (error?: Error) => void): void;
    pause(): void;
    resume(): void;
    close(code: number): void;
    terminate(): void;
  }

  export class WebSocketServer {
    constructor(options: {
      noServer: true;
      perMessageDeflate: false;
      handleProtocols: (offered: Set<string>) => string | false;
    });
    handleUpgrade(
      request: IncomingMessage,
      socket: Duplex,
      head: Buffer,
      callback: (webSocket: WebSocket) => void,
    ): void;
  }
}
