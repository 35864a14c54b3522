/** Packages whose code listens to signals, as applications use them; fetched once (26 MB). */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { cached } from '../cached.js';
import { PATIENCE_MS } from '../patience.js';

const PACKAGES = {
  '@nestjs/common': '12.5.1',
  '@nestjs/core': '12.5.1',
  '@nestjs/platform-express': '12.5.1',
  'reflect-metadata': '0.2.2',
  rxjs: '7.8.2',
  'close-with-grace': '2.5.0',
  '@godaddy/terminus': '4.12.1',
  'signal-exit': '4.1.0',
  'signal-exit-3': 'npm:signal-exit@3.0.7',
  nodemon: '3.1.14',
};

/**
 * The directory that has them in its node_modules.
 * @throws where npm cannot fetch them
 */
export function listenerPackages(): string {
  return cached('listener-packages-1', (directory) => {
    writeFileSync(path.join(directory, 'package.json'), JSON.stringify({ dependencies: PACKAGES }));
    execFileSync('npm', ['install', '--silent', '--ignore-scripts', '--no-audit', '--no-fund'], {
      cwd: directory,
      stdio: ['ignore', 'ignore', 'inherit'],
      timeout: PATIENCE_MS,
    });
  });
}
